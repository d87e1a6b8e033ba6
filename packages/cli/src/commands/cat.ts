import type { ChunkId } from '@daggerml/object-model';
import { treeEntries } from '@daggerml/object-model';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { findObject } from '../object-name.ts';
import { objectValue } from '../object-value.ts';
import { RecordReader } from '../record-reader.ts';
import { withStore } from '../repository-access.ts';
import { valueJson } from '../value-json.ts';

/** Characters of JSON text that are written at one time. */
const BATCH = 65_536;

/** `dml cat <object>`. @spec DML-CLI-0807 */
export async function run(context: CommandContext): Promise<number> {
  const { output, args, globals } = context;
  const name = args[0] ?? '';
  await withStore(context, 'read', async (store) => {
    const reader = new RecordReader(store);
    const found = findObject(reader, name);
    if (found.class === 'chunk') {
      const bytes = store.read('chunk', found.objectId as ChunkId);
      if (!globals.json) return await output.raw(bytes);
      return output.result({ '/': { bytes: bytes.toString('base64').replace(/=+$/, '') } }, () => '');
    }
    const datum = reader.read('datum', objectValue(reader, name, found));
    if (!globals.json && datum.kind === 'blob') {
      for (const [chunkId] of treeEntries('chunks', datum.root, reader))
        await output.raw(store.read('chunk', chunkId));
    } else if (!globals.json && datum.kind === 'bytes') {
      await output.raw(datum.value);
    } else {
      let text = '';
      for (const piece of valueJson(reader, datum)) {
        text += piece;
        if (text.length < BATCH) continue;
        await output.raw(text);
        text = '';
      }
      await output.raw(`${text}\n`);
    }
  });
  return EXIT.done;
}
