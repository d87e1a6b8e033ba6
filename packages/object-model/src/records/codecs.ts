import type { RecordType } from '../object-class.ts';
import { commitFields, readCommit } from './commit.ts';
import { dagFields, readDag, readTree, treeFields } from './dag.ts';
import { datumFields, readDatum } from './datum.ts';
import { execFields, readExec } from './exec.ts';
import { execRequestFields, readExecRequest } from './exec-request.ts';
import type { Fields } from './fields.ts';
import { nodeFields, readNode } from './node.ts';
import { pageFields, readPage } from './page.ts';
import type { Records } from './record-types.ts';
import { metaFields, readMeta, readRef, refFields } from './ref.ts';
import { readTombstone, tombstoneFields } from './tombstone.ts';

interface RecordCodec<Record> {
  readonly write: (record: Record) => Fields;
  readonly read: (fields: Fields) => Record;
}

/**
 * Record type → how its fields are written and read.
 *
 * @spec DML-OBJ-2401
 */
export const RECORD_CODECS: { readonly [Type in RecordType]: RecordCodec<Records[Type]> } = {
  meta: { write: metaFields, read: readMeta },
  datum: { write: datumFields, read: readDatum },
  node: { write: nodeFields, read: readNode },
  dag: { write: dagFields, read: readDag },
  tree: { write: treeFields, read: readTree },
  commit: { write: commitFields, read: readCommit },
  ref: { write: refFields, read: readRef },
  tombstone: { write: tombstoneFields, read: readTombstone },
  exec: { write: execFields, read: readExec },
  'exec-request': { write: execRequestFields, read: readExecRequest },
  page: { write: pageFields, read: readPage },
};
