import type { ChunkId } from '@daggerml/object-model';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { tellHiddenDag } from '../hidden-dag.ts';
import { findObject } from '../object-name.ts';
import { objectValue } from '../object-value.ts';
import { RecordReader } from '../record-reader.ts';
import { withStore } from '../repository-access.ts';
import { blobPieces, jsonPieces } from '../value-pieces.ts';

/** `dml cat <object>`. @spec DML-CLI-0807 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args, globals } = context;
  const name = args[0] ?? '';
  await withStore(context, 'read', async (store) => {
    const reader = new RecordReader(store);
    const found = findObject(reader, name);
    tellHiddenDag(output, name, found);
    if (found.class === 'chunk') {
      const bytes = store.read('chunk', found.objectId as ChunkId);
      if (!globals.json) return await output.raw(bytes);
      return output.result({ '/': { bytes: bytes.toString('base64').replace(/=+$/, '') } }, () => '');
    }
    const datum = reader.read('datum', objectValue(reader, name, found));
    if (!globals.json && datum.kind === 'blob') {
      for (const piece of blobPieces(reader, datum)) await output.raw(piece);
    } else if (!globals.json && datum.kind === 'bytes') {
      await output.raw(datum.value);
    } else {
      for (const piece of jsonPieces(reader, datum)) await output.raw(piece);
    }
  });
  return EXIT.done;
}
