import type { Engine } from '../engine/engine.ts';
import { refreshSnapshot } from '../engine/reading.ts';
import type { StoreEnvironment } from '../environment.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { type ChangeWatch, StoreChangeWatch } from './change-watch.ts';
import { claimGc, type GcState, releaseGc, renewGc } from './gc-state.ts';
import type { GcPlan } from './plan.ts';
import { pruneRows } from './prune.ts';
import { type RootSet, readRoots } from './roots.ts';
import { RowReader } from './row-reader.ts';
import { type GcProgress, STEP_OBJECTS, type Survey, surveyStore, walk } from './survey.ts';
import { settle, sweepSlice } from './sweep.ts';
import { type ObjectTally, TallyCounter } from './tally.ts';

/**
 * Objects one transaction of the sweep deletes. Ids are spread evenly, so each costs a page write of its own
 * until a transaction deletes more objects than there are pages: larger slices are cheaper in all, and writers
 * wait some hundred milliseconds for one of these.
 */
const SLICE_OBJECTS = 10_000;

/** How often a slice gives way to marking before it marks inside its transaction, whatever that costs. */
const PATIENCE = 8;

/** What collecting needs of a store. */
export interface GcHost {
  readonly engine: Engine;
  readonly environment: StoreEnvironment;
  transact(label: string, body: (transaction: WriteTransaction) => void): void;
}

export interface CollectOptions {
  readonly stepObjects?: number;
  readonly sliceObjects?: number;
  /** Sees the plan before anything is deleted; false ends the collection there. */
  readonly confirm?: (plan: GcPlan) => boolean;
}

/** What a collection did. */
export interface GcReport {
  readonly plan: GcPlan;
  readonly swept: ObjectTally;
  /** False when `confirm` declined. */
  readonly completed: boolean;
}

/** Yields how the sweep learns of changes; a test that breaks the fence replaces it. */
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
    const survey = yield* surveyStore(engine, roots, stepObjects);
    environment.failpoint?.('gc/surveyed');
    const swept = new TallyCounter();
    const completed = options.confirm?.(survey.plan) ?? true;
    if (completed) {
      const watch = watchChanges(engine, roots);
      yield* sweepSteps(host, {
        state,
        survey,
        watch,
        swept,
        stepObjects,
        sliceObjects: options.sliceObjects,
      });
      environment.failpoint?.('gc/swept');
      for (let more = true; more; ) {
        host.transact('gc/prune', (transaction) => {
          more = pruneRows(transaction);
          if (!more) releaseGc(transaction, state);
        });
        released = !more;
        if (more) yield { phase: 'prune', done: 0 };
      }
    }
    return { plan: survey.plan, swept: swept.value(), completed };
  } finally {
    // @spec DML-STO-0733
    if (!released && engine.poison === undefined)
      host.transact('gc/release', (transaction) => releaseGc(transaction, state));
  }
}

function claim(host: GcHost): { state: GcState; roots: RootSet } {
  let claimed: { state: GcState; roots: RootSet } | undefined;
  host.transact('gc/claim', (transaction) => {
    const state = claimGc(transaction, host.environment.randomUuid());
    claimed = { state, roots: readRoots(transaction.engine, host.environment) };
  });
  return claimed as { state: GcState; roots: RootSet };
}

interface SweepPlan {
  readonly state: GcState;
  readonly survey: Survey;
  readonly watch: ChangeWatch;
  readonly swept: TallyCounter;
  readonly stepObjects: number;
  readonly sliceObjects: number | undefined;
}

/** Deletes what is condemned, slice by slice, giving way to marking whenever writers were faster. */
function* sweepSteps(host: GcHost, sweep: SweepPlan): Generator<GcProgress, void, undefined> {
  const { engine, environment } = host;
  const { marker, condemned } = sweep.survey;
  const total = condemned.keys.size;
  const context = { marker, condemned, swept: sweep.swept, rows: new RowReader(engine) };
  let done = 0;
  let deferred = 0;
  while (condemned.hasReady) {
    refreshSnapshot(engine);
    sweep.watch.catchUp(marker);
    yield* walk(engine, marker, sweep.stepObjects, false);
    yield { phase: 'sweep', done, total };
    // @spec DML-STO-0725
    host.transact('gc/sweep', (transaction) => {
      renewGc(transaction, sweep.state, 'sweeping');
      // @spec DML-STO-0721
      if (sweep.watch.isBehind()) sweep.watch.catchUp(marker);
      if (!settle(marker, deferred < PATIENCE)) {
        deferred += 1;
        return;
      }
      deferred = 0;
      done += sweepSlice(transaction, context, sweep.sliceObjects ?? SLICE_OBJECTS);
    });
    environment.failpoint?.('gc/slice');
  }
  yield { phase: 'sweep', done, total };
}
