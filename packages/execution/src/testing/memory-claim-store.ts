import type { ExecutionKey } from '@daggerml/object-model';
import type { Claim, ClaimAnswer, ClaimStore } from '../cache/claim-store.ts';

export interface MemoryClaimStoreOptions {
  readonly leaseMs: number;
  /** Pause after which somebody who found a claim asks again. */
  readonly afterMs?: number;
  /** Owner of all claims, for people. */
  readonly owner?: string;
  /** Clock that leases are judged by. */
  readonly nowMs?: () => number;
}

interface Lease {
  readonly claim: Claim;
  untilMs: number;
}

/** Claims in memory, which any number of runs and stores may use. */
export class MemoryClaimStore implements ClaimStore {
  /** Everything that was done, in order. */
  readonly log: string[] = [];
  /** Makes every question fail with this reason. */
  failure: string | undefined;
  readonly #options: Required<Omit<MemoryClaimStoreOptions, 'owner'>>;
  /** Owner of all claims, for people. */
  owner: string | undefined;
  readonly #leases = new Map<ExecutionKey, Lease>();
  #fencing = 0;

  constructor({ leaseMs, afterMs = 1, nowMs = Date.now, owner }: MemoryClaimStoreOptions) {
    this.owner = owner;
    this.#options = { leaseMs, afterMs, nowMs };
  }

  /** Keys that are claimed. */
  get keys(): readonly ExecutionKey[] {
    return [...this.#leases.keys()];
  }

  async claim(executionKey: ExecutionKey): Promise<ClaimAnswer> {
    this.#assertReachable();
    const { leaseMs, afterMs, nowMs } = this.#options;
    const known = this.#leases.get(executionKey);
    const isHeld = known !== undefined && known.untilMs > nowMs();
    this.log.push(isHeld ? 'refused' : 'claimed');
    if (isHeld) return { type: 'claimed-elsewhere', afterMs, owner: this.owner };
    this.#fencing += 1;
    const claim: Claim = { executionKey, fencing: this.#fencing, leaseMs };
    this.#leases.set(executionKey, { claim, untilMs: nowMs() + leaseMs });
    return { type: 'claimed', claim };
  }

  async renew(claim: Claim): Promise<boolean> {
    this.#assertReachable();
    const lease = this.#ownLease(claim);
    this.log.push(lease ? 'renewed' : 'lost');
    if (lease) lease.untilMs = this.#options.nowMs() + this.#options.leaseMs;
    return lease !== undefined;
  }

  async release(claim: Claim): Promise<void> {
    this.#assertReachable();
    this.log.push('released');
    if (this.#ownLease(claim)) this.#leases.delete(claim.executionKey);
  }

  #ownLease({ executionKey, fencing }: Claim): Lease | undefined {
    const lease = this.#leases.get(executionKey);
    return lease?.claim.fencing === fencing ? lease : undefined;
  }

  #assertReachable(): void {
    if (this.failure !== undefined) throw new Error(this.failure);
  }
}
