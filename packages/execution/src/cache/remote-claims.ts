import type { ExecutionKey } from '@daggerml/object-model';
import { checkForClaims, type Remote, RemoteClaims, type RemoteClaimsOptions } from '@daggerml/remotes';
import type { Claim, ClaimAnswer, ClaimStore } from './claim-store.ts';

/** Options of the claims of a remote. */
export interface RemoteClaimStoreOptions extends RemoteClaimsOptions {
  /** Checks whether a check has found that conditional writes of the remote can be relied on; asked once. */
  readonly isProven: () => Promise<boolean>;
}

/** The claims of a remote, of which none is made before the remote has passed a check. */
export class RemoteClaimStore implements ClaimStore {
  readonly #claims: RemoteClaims;
  readonly #isProven: () => Promise<boolean>;
  #proof: Promise<boolean> | undefined;

  constructor(remote: Remote, { isProven, ...options }: RemoteClaimStoreOptions) {
    this.#claims = new RemoteClaims(remote, options);
    this.#isProven = isProven;
  }

  async claim(executionKey: ExecutionKey, isWanted?: () => boolean, call?: string): Promise<ClaimAnswer> {
    this.#proof ??= this.#isProven().catch((error: unknown) => {
      // A remote that did not answer is asked again.
      this.#proof = undefined;
      throw error;
    });
    // @spec DML-REM-1405
    if (!(await this.#proof)) return { type: 'unclaimable' };
    const answer = await this.#claims.claim(executionKey, isWanted, call);
    switch (answer.type) {
      case 'claimed':
        return answer;
      case 'held':
        return { type: 'claimed-elsewhere', afterMs: answer.afterMs, owner: answer.owner };
      // Who asks looks into the cache before asking again.
      case 'known':
      case 'unwanted':
        return { type: 'claimed-elsewhere', afterMs: 0 };
    }
  }

  renew(claim: Claim): Promise<boolean> {
    return this.#claims.renew(claim);
  }

  async release(claim: Claim): Promise<void> {
    await this.#claims.release(claim);
  }
}

/** Checks a remote, and whether claims on it can be relied on. */
export async function passesCheck(remote: Remote): Promise<boolean> {
  return (await checkForClaims(remote)).verdict !== 'unsafe';
}
