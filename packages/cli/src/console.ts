import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { Output } from './output.ts';

/**
 * Makes what a pipeline prints talk, through `console` or to standard output itself, since results alone go
 * there; yields what restores both.
 *
 * @spec DML-CLI-0413
 */
export function talkingConsole(output: Output): () => void {
  const own = globalThis.console;
  const ownWrite = process.stdout.write;
  const talk = new Writable({
    decodeStrings: false,
    write: (piece: string | Uint8Array, _encoding, done) => {
      const text = typeof piece === 'string' ? piece : Buffer.from(piece).toString();
      for (const line of text.replace(/\n$/, '').split('\n')) output.talk(output.safe(line));
      done();
    },
  });
  globalThis.console = new Console(talk);
  process.stdout.write = talk.write.bind(talk) as typeof ownWrite;
  return () => {
    globalThis.console = own;
    process.stdout.write = ownWrite;
  };
}
