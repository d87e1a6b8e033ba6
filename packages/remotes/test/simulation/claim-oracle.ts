import type { ExecutionKey } from '@daggerml/object-model';
import { claimPath, decodeClaim, encodeClaim, type RemoteClaim } from '../../src/format/claim.ts';
import { Violation } from './oracle.ts';
import type { SimFiles, Watcher } from './sim-files.ts';

/** An outcome in the shared cache. */
export interface PublishedOutcome {
  readonly fencing: number;
  readonly process: string;
}

/** A claim as it was in effect, and who wrote it. */
interface Effect {
  readonly claim: RemoteClaim;
  readonly process: string;
  /** Time at which it took effect. */
  readonly atMs: number;
}

/** A claim that a process asks for or writes, and what was in effect when it began. */
export interface ClaimAct {
  readonly kind: 'claim' | 'renew' | 'release' | 'finish';
  readonly process: string;
  readonly key: ExecutionKey;
  /** Number of the process's claim; undefined for one that it asks for. */
  readonly fencing: number | undefined;
  readonly began: number;
}

/** Owner of claims that were planted. */
const GHOST = 'ghost';

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}

/** A judge of every write of a claim, who knows all of them. */
export class ClaimOracle implements Watcher {
  /** The first violation, whoever was running. */
  violation: Error | undefined;
  takeovers = 0;
  readonly #files: SimFiles;
  readonly #nowMs: () => number;
  readonly #effects = new Map<ExecutionKey, Effect[]>();
  readonly #writes = new Set<string>();
  readonly #executions = new Set<string>();
  readonly #told = new Set<string>();
  readonly #outcomes = new Map<ExecutionKey, Map<number, PublishedOutcome>>();
  /** Claims of which their owner has a write that was not answered. */
  readonly #unsure = new Set<string>();

  constructor(files: SimFiles, nowMs: () => number) {
    this.#files = files;
    this.#nowMs = nowMs;
    files.watcher = this;
  }

  onCurrent(): void {}

  onRemove(path: string): void {
    this.#guard(() => assert(false, `${path} is deleted`));
  }

  onClaim(path: string, bytes: Uint8Array, work: unknown): void {
    this.#guard(() => this.#checkWrite(path, bytes, work as string));
  }

  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.violation ??= error as Error;
    }
  }

  #effectsOf(key: ExecutionKey): Effect[] {
    let effects = this.#effects.get(key);
    if (effects === undefined) {
      effects = [];
      this.#effects.set(key, effects);
    }
    return effects;
  }

  /** Checks that a write follows from the one before. */
  #checkWrite(path: string, bytes: Uint8Array, process: string): void {
    const key = path.slice('claims/'.length, -'.json'.length) as ExecutionKey;
    const claim = decodeClaim(bytes, key, 'simulated');
    const effects = this.#effectsOf(key);
    const before = effects.at(-1)?.claim;
    const { fencing, owner, write } = claim;
    assert(!this.#writes.has(write), `${process}: a write of a claim takes effect twice`);
    this.#writes.add(write);
    assert(owner === process, `${process}: writes a claim for ${owner}`);
    assert(claim.claimedMs <= this.#nowMs(), `${process}: a lease begins in the future`);
    if (before !== undefined && fencing === before.fencing) this.#checkOwn(before, claim, process);
    else this.#checkTaken(effects.at(-1), claim, process);
    effects.push({ claim, process, atMs: this.#nowMs() });
  }

  #checkTaken(last: Effect | undefined, claim: RemoteClaim, process: string): void {
    const before = last?.claim;
    const next = (before?.fencing ?? 0) + 1;
    assert(claim.fencing === next, `${process}: takes the number ${claim.fencing} where ${next} is next`);
    assert(claim.state === 'held', `${process}: ends a claim that it never had`);
    assert(!this.#executions.has(claim.execution), `${process}: the execution of another claim`);
    this.#executions.add(claim.execution);
    if (before?.state !== 'held') return;
    // What is dated in the future counts from the time at which others can see it.
    const fromMs = last?.process === GHOST ? last.atMs : before.claimedMs;
    const leftMs = fromMs + before.leaseMs - this.#nowMs();
    assert(leftMs <= 0, `${process}: takes the claim of ${before.owner}, which has ${leftMs} ms left`);
    this.takeovers += 1;
  }

  #checkOwn(before: RemoteClaim, claim: RemoteClaim, process: string): void {
    assert(before.owner === process, `${process}: writes the claim of ${before.owner}`);
    assert(before.execution === claim.execution, `${process}: two holders of the number ${claim.fencing}`);
    assert(before.state === 'held', `${process}: writes a claim that has ended`);
    assert(before.leaseMs === claim.leaseMs, `${process}: another lease`);
  }

  /** Takes a claim that nobody who is there has written, of a time at which the remote's clock was wrong. */
  plant(key: ExecutionKey, claim: RemoteClaim): void {
    const version = { bytes: encodeClaim(claim), version: 'planted' };
    this.#files.claims.set(claimPath(key), version);
    this.#effectsOf(key).push({ claim, process: GHOST, atMs: this.#nowMs() });
  }

  begin(act: Omit<ClaimAct, 'began'>): ClaimAct {
    return { ...act, began: this.#effectsOf(act.key).length };
  }

  /** Returns what a process has written of a key since an act of it began. */
  #written({ key, process, began }: ClaimAct): RemoteClaim[] {
    return this.#effectsOf(key)
      .slice(began)
      .flatMap((effect) => (effect.process === process ? [effect.claim] : []));
  }

  /** Checks what somebody who asked for a claim was told: its number, or undefined where it has none. */
  endClaim(act: ClaimAct, fencing: number | undefined): void {
    const { process, key } = act;
    const taken = this.#written(act).filter(({ state }) => state === 'held');
    if (fencing === undefined) {
      const isUnsure = this.#unsure.has(`${key} ${process}`);
      const isLost = this.#effectsOf(key).at(-1)?.process !== process;
      assert(taken.length === 0 || isLost || isUnsure, `${process}: has a claim and is not told`);
      return;
    }
    const numbers = taken.map((claim) => claim.fencing);
    assert(numbers.includes(fencing), `${process}: is told of the number ${fencing}, which it does not have`);
    const told = `${key} ${fencing}`;
    assert(!this.#told.has(told), `the number ${fencing} has two holders`);
    this.#told.add(told);
  }

  /** Checks what the owner of a claim was told of a write. */
  endWrite(act: ClaimAct, isDone: boolean): void {
    const { kind, process, key, fencing, began } = act;
    const mine = this.#written(act).filter((claim) => claim.fencing === fencing);
    const wanted = { claim: 'held', renew: 'held', release: 'released', finish: 'finished' }[kind];
    const isInEffect = mine.some(({ state }) => state === wanted);
    const wasTaken = (this.#effectsOf(key)[began - 1]?.claim.fencing ?? 0) > (fencing ?? 0);
    assert(!(isDone && wasTaken), `${process}: may ${kind} a claim that was taken over`);
    if (isDone) return assert(isInEffect, `${process}: is told of a ${kind} that has no effect`);
    const isUnsure = this.#unsure.has(`${key} ${process}`);
    const isTaken = (this.#effectsOf(key).at(-1)?.claim.fencing ?? 0) > (fencing ?? 0);
    assert(isTaken || isUnsure, `${process}: may not ${kind} its own claim`);
    // Others may have taken over by the time at which the owner looks whether its write took effect.
    assert(mine.length === 0 || isUnsure || isTaken, `${process}: is refused a ${kind} that has an effect`);
  }

  /** Notes that nobody told a process what became of an act. */
  endUnknown({ key, process }: ClaimAct): void {
    this.#unsure.add(`${key} ${process}`);
  }

  /** Takes an outcome into the shared cache. */
  publish(key: ExecutionKey, outcome: PublishedOutcome): void {
    this.#guard(() => {
      const { fencing, process } = outcome;
      const holder = this.#effectsOf(key).find(({ claim }) => claim.fencing === fencing);
      assert(holder?.process === process, `${process}: publishes under the number of another`);
      const outcomes = this.#outcomes.get(key) ?? new Map<number, PublishedOutcome>();
      this.#outcomes.set(key, outcomes);
      outcomes.set(fencing, outcome);
    });
  }

  /** Loses the outcomes of a key, as a shared cache does whose bytes are lost. */
  lose(key: ExecutionKey): void {
    this.#outcomes.delete(key);
  }

  /** Returns the outcome of a key that is in effect: the one with the greatest number. */
  outcome(key: ExecutionKey): PublishedOutcome | undefined {
    const outcomes = [...(this.#outcomes.get(key)?.values() ?? [])];
    return outcomes.sort((left, right) => right.fencing - left.fencing)[0];
  }

  /** Checks that every number of a key was given once, without a gap, and that what the remote has is the last one. */
  checkEnd(key: ExecutionKey): void {
    const effects = this.#effectsOf(key);
    const numbers = new Set(effects.map(({ claim }) => claim.fencing));
    const last = effects.at(-1)?.claim;
    assert(numbers.size === (last?.fencing ?? 0), `${numbers.size} claims, and the last is ${last?.fencing}`);
    const bytes = this.#files.claims.get(`claims/${key}.json`)?.bytes;
    const found = bytes && decodeClaim(bytes, key, 'simulated');
    assert(found?.write === last?.write, 'the remote has another claim than the last one');
  }
}
