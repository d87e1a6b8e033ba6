import type { ReferenceRecord } from '@daggerml/object-model';
import type { StoredReference, Transactor } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { applyReference } from './apply-reference.ts';

/** The end of a reference by whoever holds it. */
export interface EndOptions {
  readonly store: Transactor & { readReferences(): StoredReference[] };
  readonly name: string;
  readonly actor: string;
  readonly nowMs: number;
}

/**
 * Ends a reference: puts one without a commit in its place. Throws `reference_unknown`.
 *
 * @spec DML-REM-1309
 */
export function endReference({ store, name, actor, nowMs }: EndOptions): StoredReference {
  return store.transact('reference/end', (transaction) => {
    const all = store.readReferences();
    const before = all.find((each) => each.name === name && each.reference.commitId !== null);
    if (before === undefined) throw remoteError('reference_unknown', { name, names: referenceNames(all) });
    const reference: ReferenceRecord = {
      ...before.reference,
      commitId: null,
      references: [],
      takenMs: Math.max(0, Math.trunc(nowMs)),
      previousReferenceId: before.referenceId,
      detailsDatumId: null,
    };
    const { referenceId } = applyReference(transaction, { name, reference, remote: { actor } });
    return { name, referenceId, reference };
  });
}

/** Returns the names of references that have not ended, for messages. */
export function referenceNames(all: readonly StoredReference[]): string {
  const names = all.filter(({ reference }) => reference.commitId !== null).map(({ name }) => name);
  return names.join(', ') || 'none';
}
