import type { CborValue } from '../cbor/value.ts';
import { checkName } from '../text/name.ts';
import { checkText } from '../text/text.ts';
import { checkCount, checkFieldCount, type Fields, linkTo, readCount, readLink } from './fields.ts';
import type { MetaRecord, RefRecord } from './record-types.ts';
import { checkRefName } from './ref-name.ts';

/**
 * Yields the fields of a ref, checked.
 *
 * @spec DML-OBJ-1701
 */
export function refFields(ref: RefRecord): Fields {
  return [checkRefName(ref.name), linkTo('commit', ref.commitId), checkCount(ref.sequence)];
}

/** Reads a ref from its fields. */
export function readRef(fields: Fields): RefRecord {
  checkFieldCount(fields, 3);
  return {
    type: 'ref',
    name: checkRefName(fields[0]),
    commitId: readLink(fields[1], 'commit'),
    sequence: readCount(fields[2]),
  };
}

/**
 * Yields the fields of a meta record, checked.
 *
 * @spec DML-OBJ-1703
 */
export function metaFields(meta: MetaRecord): Fields {
  return [checkName(meta.key), metaValue(meta.value)];
}

/** Reads a meta record from its fields. */
export function readMeta(fields: Fields): MetaRecord {
  checkFieldCount(fields, 2);
  return { type: 'meta', key: checkName(fields[0]), value: metaValue(fields[1]) };
}

function metaValue(value: CborValue | undefined): string | number {
  return typeof value === 'string'
    ? checkText(value)
    : typeof value === 'number'
      ? checkCount(value)
      : readCount(value);
}
