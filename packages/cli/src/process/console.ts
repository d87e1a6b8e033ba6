import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { Output } from '../render/output.ts';

/**
 * Sends what a pipeline prints, through `console` or to standard output or standard error itself, to standard error,
 * escaped: results alone go to standard output. Returns the function that restores all three.
 */
export function consoleToNotes(output: Output): () => void {
  const own = globalThis.console;
  const streams = [process.stdout, process.stderr];
  const ownWrites = streams.map((stream) => stream.write);
  const notes = new Writable({
    decodeStrings: false,
    write: (piece: string | Uint8Array, _encoding, done) => {
      const text = typeof piece === 'string' ? piece : Buffer.from(piece).toString();
      for (const line of printedLines(text)) output.note(output.safe(line));
      done();
    },
  });
  globalThis.console = new Console(notes);
  // @spec DML-CLI-0413
  for (const stream of streams) stream.write = notes.write.bind(notes) as typeof stream.write;
  return () => {
    globalThis.console = own;
    for (const [index, stream] of streams.entries()) stream.write = ownWrites[index] as typeof stream.write;
  };
}

/** Returns the lines of what code printed; a line that was meant to be rewritten stands for itself. */
export function printedLines(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r\n|\n|\r/);
}
