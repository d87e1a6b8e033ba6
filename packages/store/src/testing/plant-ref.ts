import type { CommitId } from '@daggerml/object-model';
import { lastSequence } from '../refs/journal.ts';
import type { RefName } from '../refs/ref-name.ts';
import { encodeRef } from '../refs/refs.ts';
import type { Store } from '../store.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { sequenceKey } from '../tables/keyspace.ts';

/** Makes a ref as earlier versions did, whatever its name. */
export function plantRef(store: Store, name: RefName, commitId: CommitId): void {
  store.transact('plant', (transaction) => {
    const sequence = lastSequence(store.engine) + 1;
    const row = encodeRef({ name, targetId: commitId, sequence });
    transaction.putRow('refs', row.key, row.value);
    const key = sequenceKey(sequence);
    const entry = { sequence, timeMs: 1, actor: 'test', ref: name, old: null, new: commitId, reason: 'test' };
    transaction.putRow('journal', key, encodeJsonRow('journal', key, entry));
  });
}
