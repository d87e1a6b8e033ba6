import type { ExecutionKey } from '@daggerml/object-model';
import { type Remote, RemoteClaims, type RemoteClaimsOptions } from '@daggerml/remotes';
import type { Claim, ClaimAnswer, ClaimStore } from './claim-store.ts';

/** The claims of a remote. */
export class RemoteClaimStore implements ClaimStore {
  readonly #claims: RemoteClaims;

  constructor(remote: Remote, options: RemoteClaimsOptions) {
    this.#claims = new RemoteClaims(remote, options);
  }

  async claim(executionKey: ExecutionKey, isWanted?: () => boolean): Promise<ClaimAnswer> {
    const answer = await this.#claims.claim(executionKey, isWanted);
    switch (answer.type) {
      case 'claimed':
        return answer;
      case 'held':
        return { type: 'claimed-elsewhere', afterMs: answer.afterMs };
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
