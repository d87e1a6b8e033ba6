import type { ChunkId } from '@daggerml/object-model';
import { findObject, objectValue } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { decodedPieces, looksLikeText } from '../render/terminal-text.ts';
import { blobPieces, jsonPieces } from '../render/value-pieces.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml cat <object>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, globals } = context;
  const name = args[0] as string;
  await withStore(context, 'read', async (reader, store) => {
    const found = findObject(reader, name);
    noteShadowedDag(output, name, found);
    if (found.class === 'chunk') {
      const bytes = store.read('chunk', found.objectId as ChunkId);
      if (!globals.json) return await printBytes(context, [bytes]);
      return output.result({ '/': { bytes: bytes.toString('base64').replace(/=+$/, '') } }, () => '');
    }
    const { datum } = objectValue(reader, name, found);
    // @spec DML-CLI-0807
    if (!globals.json && datum.kind === 'blob') {
      await printBytes(context, blobPieces(reader, datum));
    } else if (!globals.json && datum.kind === 'bytes') {
      await printBytes(context, [datum.value]);
    } else {
      for (const piece of jsonPieces(reader, datum)) await output.raw(piece);
    }
  });
}

/** Bytes as they are; on a terminal only what is text, without what steers it. */
async function printBytes(
  { output, options, args }: CommandContext,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  // @spec DML-CLI-0862
  if (output.resultColumns === undefined || options.force === true) {
    for (const piece of pieces) await output.raw(piece);
    return;
  }
  // @spec DML-CLI-0860
  for (const text of decodedPieces(textPieces(pieces, args[0] as string))) await output.text(text);
}

/** Yields the pieces unchanged; throws `binary_value` when they do not begin like text. */
function* textPieces(pieces: Iterable<Uint8Array>, name: string): Generator<Uint8Array> {
  let isFirst = true;
  for (const piece of pieces) {
    // @spec DML-CLI-0861
    if (isFirst && !looksLikeText(piece)) throw cliError('binary_value', { name });
    isFirst = false;
    yield piece;
  }
}
