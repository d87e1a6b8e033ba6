import { readFileSync } from 'node:fs';
import { remoteError } from '@daggerml/remotes';
import { errnoOf } from './errno.ts';

/** Returns the content of the file of a signing key; throws `signing_key_invalid` where it cannot be read. */
export function readKeyFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw remoteError('signing_key_invalid', { path, errno: errnoOf(cause), detail: 'unreadable' }, cause);
  }
}
