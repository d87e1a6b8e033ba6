import type { ExecutionKey } from '@daggerml/object-model';
import { readAhead } from '../fetch/read-ahead.ts';
import { listLayout, nameInPath } from '../files/list-layout.ts';
import type { RemoteClaim } from '../format/claim.ts';
import type { Remote } from '../remote.ts';
import { readClaim } from './swap-claim.ts';

/** A claim as a listing shows it. */
export interface ListedClaim extends RemoteClaim {
  readonly executionKey: ExecutionKey;
  /** Time since it was claimed or renewed, by the remote's clock. */
  readonly ageMs: number;
  /** Time by which it is dated later than the remote's clock is now; 0 unless that clock was wrong. */
  readonly aheadMs: number;
}

/** Claims that are read at the same time. */
const PARALLEL_READS = 6;

/**
 * Iterates over the claims of a remote, in any order.
 *
 * @spec DML-REM-1104
 */
export async function* listClaims(remote: Remote): AsyncGenerator<ListedClaim, void, undefined> {
  // A remote that nobody has written to has no clock, and no claims.
  let asked: Promise<number> | undefined;
  const tasks = async function* (): AsyncGenerator<() => Promise<ListedClaim | undefined>, void, undefined> {
    for await (const { path } of listLayout(remote.files, 'claims/')) {
      asked ??= remote.files.now();
      const nowMs = await asked;
      const executionKey = nameInPath(path) as ExecutionKey;
      yield async () => {
        const found = await readClaim(remote, executionKey);
        if (found === undefined || found === 'unchanged') return undefined;
        const ageMs = nowMs - found.claim.claimedMs;
        return { ...found.claim, executionKey, ageMs: Math.max(0, ageMs), aheadMs: Math.max(0, -ageMs) };
      };
    }
  };
  for await (const claim of readAhead(tasks(), PARALLEL_READS)) if (claim !== undefined) yield claim;
}
