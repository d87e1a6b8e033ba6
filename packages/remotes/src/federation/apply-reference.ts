import type { ReferenceId, ReferenceRecord } from '@daggerml/object-model';
import type { WriteTransaction } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import type { Remote } from '../remote.ts';

/** Makes a reference the newest one of its name; throws `reference_exists` where another process has done so since. */
export function applyReference(
  transaction: WriteTransaction,
  {
    name,
    reference,
    remote,
  }: { readonly name: string; readonly reference: ReferenceRecord; readonly remote: Pick<Remote, 'actor'> },
): { readonly referenceId: ReferenceId; readonly reference: ReferenceRecord } {
  const what = reference.commitId === null ? 'end of reference' : 'reference';
  const update = { name, reference, actor: remote.actor, reason: `${what} to ${reference.name}` };
  const result = transaction.updateReference(update);
  if (!result.applied) throw remoteError('reference_exists', { name, detail: 'moved' });
  return { referenceId: result.referenceId, reference };
}
