import { mkdirSync } from 'node:fs';
import { type CommitId, encodeRecord, hashBytes, type ObjectClass } from '@daggerml/object-model';
import { open } from 'lmdb';
import { engineOptions } from '../src/engine/engine-options.ts';
import { refKey } from '../src/refs/ref-name.ts';
import { objectKey, textKey } from '../src/tables/keyspace.ts';
import { encodeMeta, type MetaKey, type MetaValue } from '../src/tables/meta.ts';

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

export interface SchemaZeroContents {
  readonly objects: readonly { readonly objectClass: ObjectClass; readonly bytes: Uint8Array }[];
  readonly refs: readonly { readonly name: string; readonly commitId: CommitId; readonly sequence: number }[];
  readonly schema?: number;
  readonly engine?: string;
}

/** Writes a data file in the layout from before the first release: refs without checksums, fewer tables. */
export async function writeSchemaZero(path: string, contents: SchemaZeroContents): Promise<void> {
  mkdirSync(path, { recursive: true });
  const root = open<Uint8Array, Uint8Array>(engineOptions(path, false, 2 ** 30));
  const table = (name: string) => root.openDB<Uint8Array, Uint8Array>(name, BINARY);
  const [objects, refs, meta] = [table('objects'), table('refs'), table('meta')];
  const facts: readonly (readonly [MetaKey, MetaValue])[] = [
    ['schema', contents.schema ?? 0],
    ['created_by', 'dml 0.0.1'],
    ['engine', contents.engine ?? '3.5.6'],
  ];
  root.transactionSync(() => {
    for (const [key, value] of facts) meta.putSync(textKey(key), encodeMeta(key, value));
    for (const { objectClass, bytes } of contents.objects) {
      objects.putSync(objectKey(objectClass, hashBytes(bytes)) as Buffer, bytes);
    }
    for (const ref of contents.refs) {
      const key = refKey(ref.name);
      const { commitId, sequence } = ref;
      refs.putSync(key, encodeRecord({ type: 'ref', name: key.toString('latin1'), commitId, sequence }));
    }
  });
  await root.close();
}
