import type { ExecutionKey } from '@daggerml/object-model';
import type { Store } from '@daggerml/store';
import type { CacheLookup } from '../cache/cache-lookup.ts';
import type { Attempt } from './attempts.ts';
import { computedOf, type RunNode } from './run-node.ts';

/** A call that is not to be submitted now: another process runs it, or its outcome is known by now. */
export interface Refusal {
  readonly attempt: Attempt;
  /** Number of the process that runs the call; undefined where its outcome is known. */
  readonly pid: number | undefined;
}

/** Attempts that may be submitted, and those that may not. */
export interface Admission {
  readonly admitted: readonly Attempt[];
  readonly refused: readonly Refusal[];
}

interface NeighboursOptions {
  readonly store: Store;
  /** True for a run that shares nothing with others. */
  readonly isAlone: boolean;
  readonly cache: CacheLookup;
  /** Has calls looked up again that another process ran; an error is one of the store. */
  readonly wake: (find: () => readonly RunNode[]) => void;
}

/** Pauses between two looks at what other processes run; each one that shows no change is longer than the one before. */
const FIRST_PAUSE_MS = 8;
const LAST_PAUSE_MS = 100;
const GROWTH = 1.5;
const LOOK_SHARE = 20;
const MOST_PAUSE_MS = 1000;
const NO_KEYS: ReadonlySet<ExecutionKey> = new Set();

/**
 * The processes that use the same repository at the same time, as far as a run shares its calls with them: what this
 * run submits is marked in the store, and what another one has marked waits for the outcome, or for the end of that
 * process.
 */
export class Neighbours {
  readonly #options: NeighboursOptions;
  /** Calls that other processes run. */
  readonly #waiting = new Map<RunNode, ExecutionKey>();
  /** Marks that are removed together at the end of the turn. */
  #ended: ExecutionKey[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** Number that an attempt notes as its call is looked up: it grows with what others write. */
  get foreignWrites(): number {
    return this.#options.store.foreignWrites;
  }

  /** Marks the calls of first attempts, and returns which may be submitted. Throws the errors of the store. */
  admit(attempts: readonly Attempt[]): Admission {
    const fresh = attempts.filter(({ isMarked }) => !isMarked);
    if (this.#options.isAlone || fresh.length === 0) return { admitted: attempts, refused: [] };
    const { marks } = this.#options.store;
    const forced = fresh.filter(isForced);
    const shared = forced.length === 0 ? fresh : fresh.filter((attempt) => !isForced(attempt));
    // @spec DML-EXE-3003
    if (forced.length > 0) marks.putAnyway(forced.map(keyOf));
    // @spec DML-EXE-3001
    const foreign = shared.length === 0 ? undefined : marks.put(shared.map(keyOf));
    const taken = foreign && this.#takeAnyway(shared, foreign);
    for (const attempt of fresh)
      attempt.isMarked =
        !foreign?.has(keyOf(attempt)) || isForced(attempt) || taken?.has(keyOf(attempt)) === true;
    this.#options.store.noticeWrites();
    const { foreignWrites } = this;
    const refused: Refusal[] = [];
    for (const attempt of shared) {
      if (!attempt.isMarked) refused.push({ attempt, pid: foreign?.get(keyOf(attempt)) });
      // @spec DML-EXE-3002
      else if (attempt.seenWrites !== foreignWrites && this.#options.cache.ofKey(attempt.node))
        refused.push({ attempt, pid: undefined });
    }
    if (refused.length === 0) return { admitted: attempts, refused };
    const out = new Set(refused.map(({ attempt }) => attempt));
    return { admitted: attempts.filter((attempt) => !out.has(attempt)), refused };
  }

  /** Marks calls that others have marked and that must not wait for those: returns their keys. */
  #takeAnyway(attempts: readonly Attempt[], foreign: ReadonlyMap<string, number>): ReadonlySet<ExecutionKey> {
    const awaited = attempts.filter((attempt) => attempt.node.depth > 0 && foreign.has(keyOf(attempt)));
    if (awaited.length === 0) return NO_KEYS;
    const keys = this.#unordered(awaited.map(keyOf));
    if (keys.size > 0) this.#options.store.marks.putAnyway([...keys]);
    return keys;
  }

  /**
   * Returns those of some keys of calls that running functions wait for that no process has marked which goes first.
   * Such a function holds a thread, and what its process has marked may wait for that.
   */
  #unordered(keys: readonly ExecutionKey[]): ReadonlySet<ExecutionKey> {
    if (keys.length === 0) return NO_KEYS;
    // @spec DML-EXE-3850
    const preceding = this.#options.store.marks.preceding(new Set(keys));
    return new Set(keys.filter((key) => !preceding.has(key)));
  }

  /** Returns those of some attempts whose calls others run. Throws the errors of the store. */
  foreign(attempts: readonly Attempt[]): readonly Refusal[] {
    const fresh = attempts.filter((attempt) => !attempt.isMarked && !isForced(attempt));
    if (fresh.length === 0) return [];
    const foreign = this.#options.store.marks.foreign(new Set(fresh.map(keyOf)));
    return fresh.flatMap((attempt) => {
      const pid = foreign.get(keyOf(attempt));
      return pid === undefined ? [] : [{ attempt, pid }];
    });
  }

  /** Removes the mark of a call that has come to its end; what it made is kept by now. */
  end(attempt: Attempt): void {
    if (!attempt.isMarked) return;
    attempt.isMarked = false;
    this.#ended.push(keyOf(attempt));
    // @spec DML-EXE-3004
    if (this.#ended.length === 1)
      queueMicrotask(() => this.#options.store.marks.remove(this.#ended.splice(0)));
  }

  /** Checks whether calls wait for other processes. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Makes a call wait for the process that runs it. */
  wait(node: RunNode): void {
    this.#waiting.set(node, computedOf(node).executionKey);
    this.#timer ??= setTimeout(() => this.#look(), this.#pauseMs);
  }

  #look(): void {
    this.#timer = undefined;
    this.#options.wake(() => {
      const beganMs = performance.now();
      const free = this.#takeFree();
      const takenMs = performance.now() - beganMs;
      const pauseMs = free.length > 0 ? FIRST_PAUSE_MS : Math.min(this.#pauseMs * GROWTH, LAST_PAUSE_MS);
      // Thousands of calls that wait are looked at less often.
      this.#pauseMs = Math.max(pauseMs, Math.min(takenMs * LOOK_SHARE, MOST_PAUSE_MS));
      if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#look(), this.#pauseMs);
      return free;
    });
  }

  /** Takes the calls out that nobody else runs any more. */
  #takeFree(): readonly RunNode[] {
    // One that was cancelled waits for nothing.
    for (const node of this.#waiting.keys()) if (node.status !== 'pending') this.#waiting.delete(node);
    if (this.#waiting.size === 0) return [];
    const foreign = this.#options.store.marks.foreign(new Set(this.#waiting.values()));
    const awaited = [...this.#waiting].filter(([{ depth }, key]) => depth > 0 && foreign.has(key));
    const taken = this.#unordered(awaited.map(([, key]) => key));
    const free: RunNode[] = [];
    for (const [node, key] of this.#waiting) {
      // @spec DML-EXE-3005
      if (foreign.has(key) && !(node.depth > 0 && taken.has(key))) continue;
      this.#waiting.delete(node);
      free.push(node);
    }
    return free;
  }
}

function keyOf({ node }: Attempt): ExecutionKey {
  return computedOf(node).executionKey;
}

/** Checks whether a call is to run whatever others make. */
function isForced({ node }: Attempt): boolean {
  return node.callee?.options.cache === false;
}
