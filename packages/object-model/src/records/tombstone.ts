import { fail } from '../errors.ts';
import { OBJECT_CLASS_NUMBERS, type ObjectClass, objectClassOf } from '../object-class.ts';
import { checkName } from '../text/name.ts';
import { checkText } from '../text/text.ts';
import { MAX_AUTHOR_BYTES, MAX_MESSAGE_BYTES } from './commit.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  hexField,
  readCount,
  readHex,
  readKindNumber,
  readText,
} from './fields.ts';
import type { TombstoneRecord } from './record-types.ts';

/**
 * Yields the fields of a tombstone, checked.
 *
 * @spec DML-OBJ-1801
 */
export function tombstoneFields(tombstone: TombstoneRecord): Fields {
  return [
    OBJECT_CLASS_NUMBERS[tombstone.objectClass] ?? fail('object_class'),
    // @spec DML-OBJ-1803
    hexField(tombstone.objectId, 32),
    checkName(tombstone.reason),
    checkText(tombstone.message, MAX_MESSAGE_BYTES),
    checkText(tombstone.actor, MAX_AUTHOR_BYTES),
    checkCount(tombstone.timeMs),
  ];
}

/** Reads a tombstone from its fields. */
export function readTombstone(fields: Fields): TombstoneRecord {
  checkFieldCount(fields, 6);
  return {
    type: 'tombstone',
    objectClass: readObjectClass(readKindNumber(fields[0], 'object_class')),
    objectId: readHex(fields[1], 32),
    // @spec DML-OBJ-1804
    reason: checkName(readText(fields[2])),
    message: readText(fields[3], MAX_MESSAGE_BYTES),
    actor: readText(fields[4], MAX_AUTHOR_BYTES),
    timeMs: readCount(fields[5]),
  };
}

// @spec DML-OBJ-1802
function readObjectClass(classNumber: number): ObjectClass {
  return objectClassOf(classNumber) ?? fail('object_class');
}
