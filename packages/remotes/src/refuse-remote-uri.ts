import type { RemoteUriRule } from '@daggerml/object-model';
import { remoteError } from './errors.ts';

/** Throws `remote_uri_invalid` for a broken rule, with what to type instead; the text may hold a credential. */
export function refuseRemoteUri(rule: RemoteUriRule, instead?: string): never {
  throw remoteError('remote_uri_invalid', { detail: rule, ...(instead === undefined ? {} : { instead }) });
}
