import type { ChunkId } from '@daggerml/object-model';
import { findNamed, objectValue } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { withStore } from '../invocation/repository-access.ts';
import { noteShadowedDag } from '../render/shadowed-dag.ts';
import { jsonPieces } from '../render/value-pieces.ts';
import { cliError } from '../wording/cli-error.ts';

/** Runs `dml cat <object>`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, globals } = context;
  const name = args[0] as string;
  await withStore(context, 'content', async (reader, store) => {
    const found = findNamed(reader, name);
    noteShadowedDag(output, name, found);
    if (found.class === 'chunk') {
      const bytes = store.read('chunk', found.objectId as ChunkId);
      if (!globals.json) return await printBytes(context, [bytes]);
      return output.result({ '/': { bytes: bytes.toString('base64').replace(/=+$/, '') } }, () => '');
    }
    const { datum } = objectValue(reader, name, found);
    // @spec DML-CLI-0807
    if (!globals.json && datum.kind === 'blob') {
      await printBytes(context, reader.streamBlob(datum));
    } else if (!globals.json && datum.kind === 'bytes') {
      await printBytes(context, [datum.value]);
    } else {
      for (const piece of jsonPieces(reader, datum)) await output.raw(piece);
    }
  });
}

/** Bytes as they are; on a terminal only what is text, without what steers it. */
async function printBytes(
  { output, args }: CommandContext,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  if (output.resultColumns === undefined) {
    for await (const piece of pieces) await output.raw(piece);
    return;
  }
  // @spec DML-CLI-0860
  for await (const text of decodedPieces(textPieces(pieces, args[0] as string))) await output.text(text);
}

/** Yields the pieces unchanged; throws `binary_value` when they do not begin like text. */
async function* textPieces(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const piece of pieces) {
    // @spec DML-CLI-0861
    if (isFirst && !looksLikeText(piece)) throw cliError('binary_value', { name });
    isFirst = false;
    yield piece;
  }
}

/** Bytes of a value that decide whether it is text. */
const LOOKED_AT = 8_000;

/**
 * Checks whether bytes are the beginning of text: UTF-8 without a null byte, as far as a reader looks who has to decide.
 */
function looksLikeText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, LOOKED_AT);
  if (head.includes(0)) return false;
  try {
    // A character may be cut through at the end.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Yields the text of pieces of bytes, each piece as far as its characters and its last line end are whole. */
async function* decodedPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const piece of pieces) {
    const text = rest + decoder.decode(piece, { stream: true });
    rest = text.endsWith('\r') ? '\r' : '';
    yield text.slice(0, text.length - rest.length);
  }
  yield rest + decoder.decode();
}
