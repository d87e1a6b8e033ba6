import type { TrustPolicy } from '@daggerml/remotes';
import { shellWord } from './wording.ts';

/**
 * Returns the note that a result of a worker is not used, since nobody who is trusted has signed it.
 *
 * @spec DML-EXE-2821
 */
export function untrustedResultNote(
  remote: string,
  { keys, unsigned }: TrustPolicy,
  signer: string | undefined,
): string {
  const who = signer === undefined ? 'a result that nobody signed' : `a result signed by ${signer}`;
  const trusted = [...keys, ...(signer === undefined ? [] : [signer])].map(shellWord).join(',');
  const options = [...(trusted === '' ? [] : [trusted]), ...(unsigned || !signer ? ['--unsigned'] : [])];
  const command = ['dml remote trust', shellWord(remote), ...options].join(' ');
  return `${who} is not used; its call waits for a worker whose key is trusted; if you trust that one, run "${command}" and then this again`;
}
