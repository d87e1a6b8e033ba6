import type { ExecutionKey } from '@daggerml/object-model';

/** The right to compute an execution key, as long as its lease is renewed. */
export interface Claim {
  readonly executionKey: ExecutionKey;
  /** Grows with every takeover. */
  readonly fencing: number;
  /** Time from a claim or renewal until others may take it over. */
  readonly leaseMs: number;
}

/** Answer to somebody who wants to compute an execution key. */
export type ClaimAnswer =
  /** Nobody had it, or whoever had it let the lease pass. */
  | { readonly type: 'claimed'; readonly claim: Claim }
  /** Somebody else computes it; ask again after the pause. `owner`, for people, is undefined where that is not known. */
  | { readonly type: 'claimed-elsewhere'; readonly afterMs: number; readonly owner?: string | undefined }
  /** Nobody can claim here: the call runs without a claim. */
  | { readonly type: 'unclaimable' };

/**
 * The claims of all who share a cache. Leases are judged by the clock of the store, never by that of its callers. All
 * methods come to an end, and reject where the store cannot be reached.
 */
export interface ClaimStore {
  /**
   * Claims a key, or takes over a claim whose lease has passed. It may wait for other claims to be released; where the
   * claim is not wanted any more by then, it is not made. `call` is the name of the function, for people.
   */
  claim(executionKey: ExecutionKey, isWanted?: () => boolean, call?: string): Promise<ClaimAnswer>;
  /** Renews the lease; false when somebody else has the claim by now. */
  renew(claim: Claim): Promise<boolean>;
  /** Releases a claim; harmless when somebody else has it by now. */
  release(claim: Claim): Promise<void>;
}
