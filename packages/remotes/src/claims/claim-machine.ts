import type { ClaimOutcome, RemoteClaim } from '../format/claim.ts';

/** Somebody who claims. */
export interface Claimant {
  readonly owner: string;
  readonly leaseMs: number;
  /** Name of the function, for people. */
  readonly call?: string | undefined;
}

/** Facts of one write, which are new each time. */
export interface ClaimWrite {
  /** Time by the remote's clock. */
  readonly nowMs: number;
  readonly execution: string;
  readonly write: string;
}

/** Step of somebody who wants a claim, by what the remote has. */
export type ClaimStep =
  /** Nobody has it. */
  | { readonly type: 'create' }
  /** Somebody had it: it is free, or its lease has passed. */
  | { readonly type: 'take-over'; readonly isFree: boolean }
  /** Somebody has it, for so long at least. */
  | { readonly type: 'follow'; readonly leftMs: number };

/** First sight of a version of a claim by somebody who wants it. */
export interface ClaimSight {
  /** Time of the first sight by the remote's clock. */
  readonly firstMs: number;
  /** Time since then without another version, by the clock of whoever looks. */
  readonly unchangedMs: number;
}

/** Returns what somebody who wants a claim may do at a time by the remote's clock. */
export function stepOf(
  found: RemoteClaim | undefined,
  nowMs: number,
  { firstMs, unchangedMs }: ClaimSight = { firstMs: nowMs, unchangedMs: 0 },
): ClaimStep {
  if (found === undefined) return { type: 'create' };
  if (found.state !== 'held') return { type: 'take-over', isFree: true };
  const { claimedMs, leaseMs } = found;
  // @spec DML-REM-1115
  let leftMs = claimedMs + leaseMs - nowMs;
  // The remote's clock was wrong, or is: an owner who is there renews the claim within its lease. @spec DML-REM-1932
  if (claimedMs > firstMs) leftMs = Math.min(leftMs, leaseMs - unchangedMs);
  // @spec DML-REM-1118
  return leftMs > 0 ? { type: 'follow', leftMs } : { type: 'take-over', isFree: false };
}

/** Returns the claim of somebody who takes a key, with what was there before. */
export function taken(
  found: RemoteClaim | undefined,
  { owner, leaseMs, call }: Claimant,
  { nowMs, execution, write }: ClaimWrite,
): RemoteClaim {
  return {
    // @spec DML-REM-1936
    ...(call !== undefined && { call }),
    claimedMs: Math.max(0, Math.trunc(nowMs)),
    execution,
    // @spec DML-REM-1113
    fencing: (found?.fencing ?? 0) + 1,
    leaseMs,
    outcome: null,
    owner,
    state: 'held',
    write,
  };
}

/** Returns a claim with a lease that begins now. */
export function renewed(
  claim: RemoteClaim,
  { nowMs, write }: Omit<ClaimWrite, 'execution'>,
  call: string | undefined = claim.call,
): RemoteClaim {
  return {
    ...claim,
    ...(call !== undefined && { call }),
    claimedMs: Math.max(0, Math.trunc(nowMs)),
    write,
  };
}

/** Returns a claim that its owner gives up, with the outcome that it came to where there is one. */
export function ended(claim: RemoteClaim, outcome: ClaimOutcome | undefined, write: string): RemoteClaim {
  return outcome === undefined
    ? { ...claim, state: 'released', write }
    : { ...claim, state: 'finished', outcome, write };
}
