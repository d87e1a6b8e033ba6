import { cliError } from './cli-error.ts';
import { nearest } from './nearest.ts';
import type { Misuse } from './program.ts';

/** Turns what is wrong with a command line into an error, with the nearest known words. @spec DML-CLI-0302 */
export function misuseError(misuse: Misuse): Error {
  if (!('known' in misuse)) {
    return misuse.code === 'missing_argument'
      ? cliError(misuse.code, { word: misuse.word })
      : cliError(misuse.code, { problem: misuse.problem });
  }
  const { code, word, known } = misuse;
  return cliError(code, { word, nearest: nearest(word, known) });
}
