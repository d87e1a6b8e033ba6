import type { RecordType } from '../object-class.ts';
import { datumFields, readDatum } from './datum.ts';
import { checkExec } from './exec.ts';
import type { Fields } from './fields.ts';
import { pageFields, readPage } from './page.ts';
import type { ShapedType } from './record-shapes.ts';
import type { Records } from './record-types.ts';
import { readShape, shapeFields } from './shape-codec.ts';

interface RecordCodec<Record> {
  readonly write: (record: Record) => Fields;
  readonly read: (fields: Fields) => Record;
}

function shaped<Type extends ShapedType>(
  type: Type,
  check: (record: Records[Type]) => void = () => {},
): RecordCodec<Records[Type]> {
  return {
    write(record) {
      const fields = shapeFields(type, record);
      check(record);
      return fields;
    },
    read(fields) {
      const record = readShape(type, fields) as Records[Type];
      check(record);
      return record;
    },
  };
}

/**
 * Record type → how its fields are written and read.
 *
 * @spec DML-OBJ-2401
 */
export const RECORD_CODECS: { readonly [Type in RecordType]: RecordCodec<Records[Type]> } = {
  meta: shaped('meta'),
  datum: { write: datumFields, read: readDatum },
  node: shaped('node'),
  dag: shaped('dag'),
  tree: shaped('tree'),
  commit: shaped('commit'),
  ref: shaped('ref'),
  tombstone: shaped('tombstone'),
  exec: shaped('exec', checkExec),
  'exec-request': shaped('exec-request'),
  page: { write: pageFields, read: readPage },
  stub: shaped('stub'),
};
