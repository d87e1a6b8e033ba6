import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { Output } from './output.ts';

/**
 * Makes what a pipeline prints through `console` talk, since results alone go to standard output; yields what
 * restores the console.
 */
export function talkingConsole(output: Output): () => void {
  const own = globalThis.console;
  const talk = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      for (const line of text.replace(/\n$/, '').split('\n')) output.talk(output.safe(line));
      done();
    },
  });
  globalThis.console = new Console(talk);
  return () => {
    globalThis.console = own;
  };
}
