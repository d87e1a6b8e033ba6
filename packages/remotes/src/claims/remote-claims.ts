import type { ExecutionKey } from '@daggerml/object-model';
import { type ClaimOutcome, MAX_LEASE_MS, MIN_LEASE_MS, type RemoteClaim } from '../format/claim.ts';
import type { Remote } from '../remote.ts';
import { type Claimant, type ClaimSight, ended, renewed, stepOf, taken } from './claim-machine.ts';
import { ClaimSlots, type TryResult } from './claim-slots.ts';
import { type LocalClocks, machineClocks, RemoteTime } from './remote-time.ts';
import { readClaim, swapClaim, type VersionedClaim } from './swap-claim.ts';

/** A claim that this process has. */
export interface OwnClaim {
  readonly executionKey: ExecutionKey;
  readonly fencing: number;
  readonly leaseMs: number;
}

/** Answer to somebody who wants a claim. */
export type RemoteClaimAnswer =
  | { readonly type: 'claimed'; readonly claim: OwnClaim }
  /** Somebody has it, or may have; `owner` is undefined where that is this process or not known. */
  | { readonly type: 'held'; readonly afterMs: number; readonly owner: string | undefined }
  /** The outcome may be in the shared cache by now; whoever asks once more after looking there is not told so again. */
  | { readonly type: 'known' }
  | { readonly type: 'unwanted' };

export interface RemoteClaimsOptions {
  /** Claimant, for people. */
  readonly owner: string;
  /** 60 s by default. */
  readonly leaseMs?: number | undefined;
  /** Claims that are held at the same time; 32 by default. */
  readonly maxHeld?: number | undefined;
  /** Pause after which somebody who found a claim held looks into the cache again; 2 s by default. */
  readonly afterMs?: number | undefined;
  /** Check whether the shared cache may have an outcome of a key, as it is by now where `isFresh`. */
  readonly hasOutcome?: ((key: ExecutionKey, isFresh: boolean) => Promise<boolean>) | undefined;
  readonly clocks?: LocalClocks | undefined;
}

/** A claim of this process as it was written last. */
interface Held {
  readonly version: string;
  readonly claim: RemoteClaim;
  /** Time by the local clock from which the lease may have passed. */
  readonly untilMs: number;
  /** Write ids of renewals since of which nobody knows whether they took effect. */
  readonly unsettled: readonly string[];
}

/** A claim of others, and when this version of it was first seen by the remote's clock and the local one. */
interface SeenClaim extends VersionedClaim {
  readonly firstMs: number;
  readonly firstMonotonicMs: number;
}

/** A claim of others as it was read last. */
interface Followed extends SeenClaim {
  /** Time by the local clock before which it is not read again. */
  readonly againMs: number;
  /** Times that it was read so far. */
  readonly reads: number;
}

const LEASE_MS = 60_000;
const MAX_HELD = 32;
const AFTER_MS = 2_000;

/**
 * Claims of a remote, as one process takes and follows them.
 *
 * @spec DML-REM-1126
 * @spec DML-REM-1127
 * @spec DML-REM-1128
 */
export class RemoteClaims {
  readonly #remote: Remote;
  readonly #claimant: Claimant;
  readonly #afterMs: number;
  readonly #hasOutcome: RemoteClaimsOptions['hasOutcome'];
  readonly #clocks: LocalClocks;
  readonly #time: RemoteTime;
  readonly #slots: ClaimSlots;
  readonly #held = new Map<ExecutionKey, Held>();
  readonly #followed = new Map<ExecutionKey, Followed>();
  /** Versions of the claims, null for none, at which somebody was told that the cache may have the outcome. */
  readonly #told = new Map<ExecutionKey, string | null>();
  /** Claims in a row that others had, and the time before which no other key is tried. */
  #losses = 0;
  #triesMs = 0;
  /** The last write of each claim: two writes of one claim at the same time would refuse each other. */
  readonly #writing = new Map<ExecutionKey, Promise<unknown>>();

  constructor(remote: Remote, options: RemoteClaimsOptions) {
    const { owner, leaseMs = LEASE_MS, maxHeld = MAX_HELD, afterMs = AFTER_MS } = options;
    this.#remote = remote;
    this.#claimant = { owner, leaseMs: Math.min(MAX_LEASE_MS, Math.max(MIN_LEASE_MS, leaseMs)) };
    this.#afterMs = afterMs;
    this.#hasOutcome = options.hasOutcome;
    this.#clocks = options.clocks ?? machineClocks;
    this.#time = new RemoteTime(remote, this.#clocks);
    this.#slots = new ClaimSlots(maxHeld, remote.randomBytes);
  }

  /**
   * Claims a key, or takes over a claim that is free or whose lease has passed. Waits while as many claims are held as
   * may be; `isWanted` is asked before the remote is. `call` is the name of the function, for people.
   */
  async claim(
    key: ExecutionKey,
    isWanted: () => boolean = () => true,
    call?: string,
  ): Promise<RemoteClaimAnswer> {
    const early = this.#answerFromMemory(key);
    if (early !== undefined) return early;
    // @spec DML-REM-1122
    const slot = await this.#slots.take(key);
    let result: TryResult = 'none';
    try {
      if (!isWanted()) return { type: 'unwanted' };
      const known = this.#answerFromMemory(key);
      if (known !== undefined) return known;
      const answer = await this.#serially(key, () => this.#claim(key, noteOf(call)));
      if (answer.type === 'claimed') result = 'claimed';
      else if (answer.type === 'held') result = 'lost';
      return answer;
    } finally {
      slot.end(result);
    }
  }

  /** Asks the remote for the claim of a key when it is wanted next, since something says that it is free by now. */
  lookAgain(key: ExecutionKey): void {
    const followed = this.#followed.get(key);
    if (followed) this.#followed.set(key, { ...followed, againMs: 0 });
  }

  /**
   * Checks whether somebody has the claim of a key, without taking it where nobody has; who found it held is answered from
   * memory as in {@link claim}.
   */
  isHeld(key: ExecutionKey): Promise<boolean> {
    return this.#serially(key, async () => {
      if (this.#held.has(key)) return true;
      const followed = this.#followed.get(key);
      if (followed !== undefined && this.#clocks.monotonicMs() < followed.againMs) return true;
      const read = await readClaim(this.#remote, key, followed?.version);
      const found = read === 'unchanged' ? followed : read && (await this.#seen(read));
      const step = stepOf(found?.claim, await this.#time.now(), found && this.#sightOf(found));
      if (step.type !== 'follow') return false;
      this.#follow(key, found as SeenClaim, step.leftMs);
      return true;
    });
  }

  #answerFromMemory(key: ExecutionKey): RemoteClaimAnswer | undefined {
    const held = this.#held.get(key);
    if (held !== undefined && this.#clocks.monotonicMs() < held.untilMs)
      return { type: 'held', afterMs: this.#afterMs, owner: undefined };
    if (held !== undefined) this.#lose(key);
    const followed = this.#followed.get(key);
    const nowMs = this.#clocks.monotonicMs();
    // @spec DML-REM-1124
    if (followed === undefined)
      return nowMs >= this.#triesMs
        ? undefined
        : { type: 'held', afterMs: this.#triesMs - nowMs, owner: undefined };
    // @spec DML-REM-1119
    if (nowMs >= followed.againMs) return undefined;
    return { type: 'held', afterMs: this.#afterMs, owner: followed.claim.owner };
  }

  async #claim(key: ExecutionKey, call: string | undefined): Promise<RemoteClaimAnswer> {
    const followed = this.#followed.get(key);
    let found: SeenClaim | undefined;
    if (followed !== undefined) {
      const read = await readClaim(this.#remote, key, followed.version);
      found = read === 'unchanged' ? followed : read && (await this.#seen(read));
    } else if (await this.#isKnown(key, null)) return { type: 'known' };
    for (;;) {
      const step = await this.#stepOf(found);
      if (step.type === 'follow') {
        if (followed === undefined) this.#noteLoss();
        return this.#follow(key, found as SeenClaim, step.leftMs);
      }
      // Whoever had it may have published since the cache was looked into. @spec DML-REM-1123
      if (found !== undefined && (await this.#isKnown(key, found.version))) return { type: 'known' };
      const claim = taken(
        found?.claim,
        { ...this.#claimant, call },
        {
          nowMs: await this.#time.now(),
          execution: this.#remote.randomUuid(),
          write: this.#remote.randomUuid(),
        },
      );
      // @spec DML-REM-1111
      // @spec DML-REM-1112
      const expected = found?.version ?? null;
      const swapped = await swapClaim(this.#remote, key, { expected, claim });
      if (swapped.outcome === 'refused') {
        found = await this.#seen(swapped.found);
        continue;
      }
      this.#losses = 0;
      this.#followed.delete(key);
      this.#told.delete(key);
      this.#hold(key, swapped.version, claim);
      const { fencing, leaseMs } = claim;
      return { type: 'claimed', claim: { executionKey: key, fencing, leaseMs } };
    }
  }

  async #stepOf(found: SeenClaim | undefined): Promise<ReturnType<typeof stepOf>> {
    const step = stepOf(found?.claim, await this.#time.now(), found && this.#sightOf(found));
    if (step.type !== 'take-over' || step.isFree) return step;
    // Nobody is robbed by an estimate.
    return stepOf(found?.claim, await this.#time.ask(), found && this.#sightOf(found));
  }

  async #seen(found: VersionedClaim): Promise<SeenClaim> {
    return { ...found, firstMs: await this.#time.now(), firstMonotonicMs: this.#clocks.monotonicMs() };
  }

  #sightOf({ firstMs, firstMonotonicMs }: SeenClaim): ClaimSight {
    return { firstMs, unchangedMs: this.#clocks.monotonicMs() - firstMonotonicMs };
  }

  #follow(key: ExecutionKey, found: SeenClaim, leftMs: number): RemoteClaimAnswer {
    const reads = (this.#followed.get(key)?.reads ?? 0) + 1;
    const pauseMs = Math.min(leftMs, (found.claim.leaseMs / 4) * reads);
    this.#followed.set(key, { ...found, reads, againMs: this.#clocks.monotonicMs() + pauseMs });
    return { type: 'held', afterMs: this.#afterMs, owner: found.claim.owner };
  }

  /** Pauses where this process keeps coming too late: others are about to have done what is left. */
  #noteLoss(): void {
    this.#losses += 1;
    if (this.#losses < 2) return;
    const pauseMs = (this.#afterMs / 4) * 2 ** Math.min(this.#losses - 2, 20);
    this.#triesMs = this.#clocks.monotonicMs() + Math.min(pauseMs, this.#claimant.leaseMs / 4);
  }

  /** Checks whether the cache may have an outcome that nobody was told of; as it is now, where a claim was found. */
  async #isKnown(key: ExecutionKey, version: string | null): Promise<boolean> {
    if (this.#hasOutcome === undefined || this.#told.get(key) === version) return false;
    if (!(await this.#hasOutcome(key, version !== null))) return false;
    this.#told.set(key, version);
    return true;
  }

  /**
   * Begins the lease of a claim anew; false where somebody else has it by now, or nobody. `call` is the name of the
   * function where it has become known since.
   */
  renew(claim: OwnClaim, call?: string): Promise<boolean> {
    return this.#write(claim, async (held) => {
      const write = { nowMs: await this.#time.now(), write: this.#remote.randomUuid() };
      return renewed(held, write, noteOf(call));
    });
  }

  /** Releases a claim; false where somebody else has it by now. */
  release(claim: OwnClaim): Promise<boolean> {
    return this.#write(claim, async (held) => ended(held, undefined, this.#remote.randomUuid()));
  }

  /** Releases a claim with the outcome that it came to; false where somebody else has it by now. */
  finish(claim: OwnClaim, outcome: ClaimOutcome): Promise<boolean> {
    return this.#write(claim, async (held) => ended(held, outcome, this.#remote.randomUuid()));
  }

  /** Replaces a claim of this process by a next one. @spec DML-REM-1114 */
  #write(
    { executionKey: key, fencing }: OwnClaim,
    next: (claim: RemoteClaim) => Promise<RemoteClaim>,
  ): Promise<boolean> {
    return this.#serially(key, async () => {
      for (;;) {
        const held = this.#held.get(key);
        if (held?.claim.fencing !== fencing) return false;
        const claim = await next(held.claim);
        const isEnd = claim.state !== 'held';
        try {
          const swapped = await swapClaim(this.#remote, key, { expected: held.version, claim });
          if (swapped.outcome === 'refused' && held.unsettled.includes(swapped.found.claim.write)) {
            // An earlier renewal took effect without an answer. @spec DML-REM-1134
            this.#held.set(key, { ...held, ...swapped.found });
            continue;
          }
          // @spec DML-REM-1117
          if (isEnd || swapped.outcome === 'refused') this.#lose(key);
          else this.#hold(key, swapped.version, claim);
          return swapped.outcome === 'applied';
        } catch (error) {
          if (isEnd) this.#lose(key);
          else this.#held.set(key, { ...held, unsettled: [...held.unsettled, claim.write] });
          throw error;
        }
      }
    });
  }

  #hold(key: ExecutionKey, version: string, claim: RemoteClaim): void {
    const untilMs = this.#clocks.monotonicMs() + claim.leaseMs;
    this.#held.set(key, { version, claim, untilMs, unsettled: [] });
  }

  #lose(key: ExecutionKey): void {
    this.#held.delete(key);
    this.#slots.free(key);
  }

  #serially<Result>(key: ExecutionKey, act: () => Promise<Result>): Promise<Result> {
    const before = this.#writing.get(key) ?? Promise.resolve();
    const result = before.then(act, act);
    const settled = result
      .catch(() => undefined)
      .finally(() => {
        if (this.#writing.get(key) === settled) this.#writing.delete(key);
      });
    this.#writing.set(key, settled);
    return result;
  }
}

/** Longest name of a function in a claim. */
const MAX_CALL = 200;

/** Returns a name as a claim may have it; undefined where there is none. */
function noteOf(call: string | undefined): string | undefined {
  return call?.slice(0, MAX_CALL).toWellFormed() || undefined;
}
