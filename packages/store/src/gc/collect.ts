import type { Engine } from '../engine/engine.ts';
import { untilWritable } from '../engine/lock-file.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import { runBlocking } from '../engine/waiting.ts';
import type { StoreEnvironment } from '../environment.ts';
import { Liveness } from '../sessions/liveness.ts';
import { dropDeadSessions } from '../sessions/sessions.ts';
import { type RootSet, readRoots } from '../walk/roots.ts';
import { RowReader } from '../walk/row-reader.ts';
import { type ObjectTally, TallyCounter } from '../walk/tally.ts';
import type { Tracer } from '../walk/tracer.ts';
import type { Transactor, WriteTransaction } from '../write-transaction.ts';
import { type ChangeWatch, StoreChangeWatch } from './change-watch.ts';
import { claimGc, endRun, type GcState, holdClaim, releaseGc } from './gc-state.ts';
import { type GcPlan, type GcProgress, markStore, STEP_OBJECTS, walk } from './mark-phase.ts';
import { pruneRows } from './prune.ts';
import { sweepSlice } from './sweep.ts';
import { UnreachedStubs } from './unreached-stubs.ts';

/**
 * Objects one transaction of the sweep deletes. Ids are spread evenly, so each costs a page write of its own
 * until a transaction deletes more objects than there are pages: larger slices are cheaper in all, and writers
 * wait some hundred milliseconds for one of these.
 */
const SLICE_OBJECTS = 10_000;

/** Objects a slice may look at inside its transaction to learn what has come into use since. */
const CATCH_UP_OBJECTS = 2_000;

/** Number of slices that give way to marking before one marks inside its transaction, whatever that costs. */
const MAX_DEFERRED_SLICES = 8;

/** Longest wait of a collection that ends for the write lock, to give up its claim. */
const RELEASE_WAIT_MS = 1000;

/** A store as far as collections change it. */
export interface GcHost extends Transactor {
  readonly engine: Engine;
  readonly environment: StoreEnvironment;
}

export interface CollectOptions {
  readonly stepObjects?: number;
  readonly sliceObjects?: number;
  /** Sees the plan before anything is deleted; false ends the collection there. */
  readonly confirm?: (plan: GcPlan) => boolean;
}

/** Result of a collection. */
export interface GcReport {
  readonly plan: GcPlan;
  readonly swept: ObjectTally;
  /** False when `confirm` declined. */
  readonly completed: boolean;
}

/** Factory of the watch by which the sweep learns of changes; a test that breaks the fence replaces it. */
export type WatchFactory = (engine: Engine, roots: RootSet) => ChangeWatch;

/**
 * Collects garbage in steps; between any two of them writers of this and other processes may do anything.
 *
 * The claim is given up however the generator ends. A process that dies in the middle leaves a whole store:
 * each slice is one transaction, and what it leaves present is complete.
 *
 * @spec DML-STO-0720
 */
export function* collectSteps(
  host: GcHost,
  options: CollectOptions = {},
  watchChanges: WatchFactory = (engine, roots) => new StoreChangeWatch(engine, roots),
): Generator<GcProgress, GcReport, undefined> {
  const { engine, environment } = host;
  const { state, roots } = claim(host);
  let released = false;
  try {
    environment.failpoint?.('gc/claimed');
    const stepObjects = options.stepObjects ?? STEP_OBJECTS;
    const marked = yield* markStore(engine, roots, stepObjects);
    environment.failpoint?.('gc/surveyed');
    const swept = new TallyCounter();
    const completed = options.confirm?.(marked.plan) ?? true;
    if (completed) {
      const watch = watchChanges(engine, roots);
      const { tracer, garbage } = marked;
      const limit = options.sliceObjects ?? SLICE_OBJECTS;
      const fence = { state, tracer, watch, stepObjects };
      const context = { tracer, garbage, swept, rows: new RowReader(engine) };
      yield* fencedSteps(host, fence, {
        total: garbage.keys.size,
        hasMore: () => garbage.hasReady,
        slice: (transaction) => sweepSlice(transaction, context, limit),
      });
      // What links to a stub's object goes before the stub. @spec DML-STO-0841
      const stubs = new UnreachedStubs(engine, tracer.found);
      if (stubs.hasMore)
        yield* fencedSteps(host, fence, {
          hasMore: () => stubs.hasMore,
          slice: (transaction) => stubs.remove(transaction, limit),
        });
      environment.failpoint?.('gc/swept');
      for (let more = true; more; ) {
        yield { phase: 'prune', done: 0 };
        host.transact('gc/prune', (transaction) => {
          holdClaim(transaction, state);
          more = pruneRows(transaction);
          if (!more) releaseGc(transaction, state);
        });
        released = !more;
      }
    }
    return { plan: marked.plan, swept: swept.value(), completed };
  } finally {
    // @spec DML-STO-0733
    if (!released) giveUpClaim(host, state);
    endRun(state);
  }
}

/** Releases the claim as far as that can be written; the end of the collection is what is reported in any case. */
function giveUpClaim(host: GcHost, state: GcState): void {
  const { engine, environment } = host;
  if (engine.poison !== undefined) return;
  try {
    const patient = { ...environment, lockWaitMs: RELEASE_WAIT_MS };
    runBlocking(untilWritable(engine.lock, engine.path, patient), patient);
    host.transact('gc/release', (transaction) => releaseGc(transaction, state));
  } catch {
    // The claim of a collection that has ended hinders nobody in this process, nor others once it ends.
    // @spec DML-STO-0187
  }
}

function claim(host: GcHost): { state: GcState; roots: RootSet } {
  return host.transact('gc/claim', (transaction) => {
    const { engine, environment } = host;
    const state = claimGc(transaction, environment.randomUuid());
    // Who is taken for dead here can write no more: its session writes are no roots of what follows.
    // @spec DML-STO-0546
    const { living } = dropDeadSessions(transaction, new Liveness(engine, environment));
    return { state, roots: readRoots(engine, environment.nowMs(), living) };
  });
}

/** Knowledge of a slice of everything that is in use. */
interface Fence {
  readonly state: GcState;
  readonly tracer: Tracer;
  readonly watch: ChangeWatch;
  readonly stepObjects: number;
}

/** Deletions that go slice by slice. */
interface FencedWork {
  /** Rows to look at, as far as that is known. */
  readonly total?: number;
  hasMore(): boolean;
  /** Deletes what is not marked and returns how many rows it looked at. */
  slice(transaction: WriteTransaction): number;
}

/** Deletes in slices, giving way to marking whenever writers were faster. */
function* fencedSteps(
  host: GcHost,
  { state, tracer, watch, stepObjects }: Fence,
  work: FencedWork,
): Generator<GcProgress, void, undefined> {
  const { engine, environment } = host;
  const total = work.total === undefined ? {} : { total: work.total };
  let done = 0;
  let deferred = 0;
  while (work.hasMore()) {
    refreshSnapshot(engine);
    watch.catchUp(tracer);
    yield* walk(engine, tracer, stepObjects, false);
    yield { phase: 'sweep', done, ...total };
    // @spec DML-STO-0725
    host.transact('gc/sweep', (transaction) => {
      holdClaim(transaction, state);
      // @spec DML-STO-0721
      if (watch.isBehind()) watch.catchUp(tracer);
      const budget = deferred < MAX_DEFERRED_SLICES ? CATCH_UP_OBJECTS : Number.POSITIVE_INFINITY;
      if (tracer.step(budget, false)) {
        deferred += 1;
        return;
      }
      deferred = 0;
      done += work.slice(transaction);
    });
    environment.failpoint?.('gc/slice');
  }
  yield { phase: 'sweep', done, ...total };
}
