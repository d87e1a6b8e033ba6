import { cliError } from './cli-error.ts';
import { nearest } from './nearest.ts';
import type { Misuse } from './program.ts';

/** Turns what is wrong with a command line into an error, with the nearest known words. */
export function misuseError(misuse: Misuse): Error {
  switch (misuse.code) {
    // @spec DML-CLI-0302
    case 'unknown_command':
      return cliError('unknown_command', { word: misuse.word, nearest: nearest(misuse.word, misuse.known) });
    case 'unknown_option':
      return cliError('unknown_option', { word: misuse.word, nearest: nearest(misuse.word, misuse.known) });
    case 'missing_argument':
      return cliError('missing_argument', { word: misuse.word });
    case 'invalid_argument':
      return cliError('invalid_argument', { problem: misuse.problem });
  }
}
