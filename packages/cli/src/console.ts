import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { Output } from './output.ts';

/**
 * Makes what a pipeline prints talk, through `console` or to standard output or standard error itself: results alone
 * go to the one, and what goes to the other is escaped. Returns what restores all three.
 *
 * @spec DML-CLI-0413
 */
export function talkingConsole(output: Output): () => void {
  const own = globalThis.console;
  const streams = [process.stdout, process.stderr];
  const ownWrites = streams.map((stream) => stream.write);
  const talk = new Writable({
    decodeStrings: false,
    write: (piece: string | Uint8Array, _encoding, done) => {
      const text = typeof piece === 'string' ? piece : Buffer.from(piece).toString();
      for (const line of printedLines(text)) output.talk(output.safe(line));
      done();
    },
  });
  globalThis.console = new Console(talk);
  for (const stream of streams) stream.write = talk.write.bind(talk) as typeof stream.write;
  return () => {
    globalThis.console = own;
    for (const [index, stream] of streams.entries()) stream.write = ownWrites[index] as typeof stream.write;
  };
}

/** Returns the lines of what code printed; a line that was meant to be rewritten stands for itself. */
export function printedLines(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r\n|\n|\r/);
}
