import type { Transactor } from '@daggerml/store';
import { localRefOf } from '../refs/local-ref.ts';
import type { RefMove } from './plan-refs.ts';

/**
 * Moves the tracking refs of branches to where a push has moved them on the remote; one that a fetch has moved by now is
 * moved all the same, since the push was later or the next fetch corrects it.
 */
export function moveTracking(
  store: Transactor,
  moves: readonly RefMove[],
  { remoteName, actor }: { readonly remoteName: string; readonly actor: string },
): void {
  store.transact('push/track', (transaction) => {
    for (const { ref, after } of moves) {
      if (!ref.startsWith('refs/heads/')) continue;
      // Nothing follows a name that is too long. @spec DML-REM-1871
      const tracking = localRefOf(ref.slice('refs/'.length), remoteName);
      if (tracking === undefined) continue;
      const expected = transaction.getRef(tracking)?.commitId ?? null;
      if (expected !== after)
        transaction.updateRef({ ref: tracking, expected, next: after, actor, reason: `push ${remoteName}` });
    }
  });
}
