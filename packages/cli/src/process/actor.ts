import { userInfo } from 'node:os';
import { MAX_NAME_BYTES, nfcText } from '@daggerml/object-model';
import { cliError } from '../wording/cli-error.ts';
import { mayBeReplaced } from './not-utf8.ts';

/** Returns who the ref journal and commits name: `DML_AUTHOR`, else the user of the environment or the system. */
export function actorOf(env: Readonly<Record<string, string | undefined>>): string {
  return env.DML_AUTHOR
    ? givenAuthor(env.DML_AUTHOR)
    : env.USER || env.LOGNAME || env.USERNAME || systemUser();
}

function givenAuthor(author: string): string {
  if (mayBeReplaced(author)) throw unusable('is not UTF-8 text');
  // @spec DML-CLI-0366
  if (Buffer.byteLength(author) > MAX_NAME_BYTES) throw unusable(`has more than ${MAX_NAME_BYTES} bytes`);
  return nfcText(author);
}

function unusable(why: string): Error {
  return cliError('invalid_argument', { problem: `the variable DML_AUTHOR ${why}`, command: '' });
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a user id without a name.
    return 'unknown';
  }
}
