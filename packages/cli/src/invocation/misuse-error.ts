import { nearest } from '@daggerml/repository';
import { cliError } from '../wording/cli-error.ts';
import type { Misuse } from './program.ts';

/** Turns what is wrong with a command line into an error, with the nearest known words. */
export function misuseError(misuse: Misuse): Error {
  const { command } = misuse;
  switch (misuse.code) {
    // @spec DML-CLI-0302
    case 'unknown_command': {
      const near = nearest(misuse.word, misuse.known);
      return cliError('unknown_command', { word: misuse.word, nearest: near, command });
    }
    case 'unknown_option': {
      const near = nearest(misuse.word, misuse.known);
      return cliError('unknown_option', { word: misuse.word, nearest: near, command });
    }
    case 'missing_argument':
      return cliError('missing_argument', { word: misuse.word, command });
    case 'invalid_argument':
      return cliError('invalid_argument', { problem: misuse.problem, command });
  }
}
