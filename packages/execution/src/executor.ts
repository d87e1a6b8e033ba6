import { randomUUID } from 'node:crypto';
import type { CommitId } from '@daggerml/object-model';
import { holdCommits, LOCAL_ADAPTER, SCRIPT_ADAPTER, treeScope } from '@daggerml/repository';
import type { RefName, Store } from '@daggerml/store';
import { AdaptersByName } from './adapters/by-name.ts';
import {
  type ExecutableSurroundings,
  executableAdapters,
} from './adapters/executable/executable-adapters.ts';
import { isolatedWorkers } from './adapters/executable/isolated-workers.ts';
import { LocalWorkers, type WorkerPoolOptions } from './adapters/local-workers.ts';
import { checkOffers, type Offers, type PoolOffers } from './adapters/needs.ts';
import { checkPools, type Pool, Pools } from './adapters/pools.ts';
import type { AdapterContext, StartAdapter } from './adapters/port.ts';
import { CacheLookup } from './cache/cache-lookup.ts';
import { OutcomeBatch } from './cache/outcome-batch.ts';
import { RunIndex, runIndexRef } from './cache/run-index.ts';
import { executionError } from './errors.ts';
import type { CaptureTools } from './files/capture-tools.ts';
import { nodeFileSystem } from './files/file-system.ts';
import { RunObjects } from './objects/run-objects.ts';
import { PlanningAdapter } from './plan/planning-adapter.ts';
import type { PollPauses } from './run/attempts.ts';
import { EventReporter, type RunEvent } from './run/events.ts';
import type { RetryBudget } from './run/machine.ts';
import { Receipts, surroundingsOf } from './run/receipt.ts';
import { Run } from './run/run.ts';
import type { RunNode } from './run/run-node.ts';
import type { SharingPorts } from './run/sharing.ts';
import { SingleFlight } from './run/single-flight.ts';
import { startScripts } from './script/start-scripts.ts';

export interface ExecutorOptions extends WorkerPoolOptions {
  readonly store: Store;
  /** The program and its version, for receipts. */
  readonly program?: string;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  /** Makes the adapter that runs the calls of one run; the adapters in the box by default. */
  readonly startAdapter?: StartAdapter;
  /** Places where calls run, in the order in which they are preferred; worker threads of this process by default. */
  readonly pools?: readonly PoolOptions[];
  /** True to run captured functions in processes instead of threads; false by default. */
  readonly isIsolated?: boolean;
  /** Adapters that are executables; none are started by default. */
  readonly executables?: ExecutableSurroundings;
  /** Cache and claims shared with other repositories; none by default. */
  readonly sharing?: SharingPorts;
  /** True when files that are as they were when they were read last are not read again; they are not by default. */
  readonly fileCache?: boolean;
  /** Pauses between attempts; the number of attempts is an option of the call. */
  readonly retryPauses?: { readonly baseMs: number; readonly maxMs: number };
  /** Pauses between two polls of a call: the first, and the longest that it grows to; 20 ms and 10 s by default. */
  readonly pollPauses?: PollPauses;
}

/** A place where calls run. */
export interface PoolOptions {
  /** Names it in receipts and errors. */
  readonly name: string;
  /**
   * Offers of the pool: amounts that its calls share, or `true` for a quality; `any` where whoever runs them looks at
   * what they need; nothing by default.
   */
  readonly offers?: PoolOffers;
  /** Worker threads; those of the Executor by default. */
  readonly workers?: number;
  /** Makes the adapter that runs its calls; that of the Executor by default. */
  readonly start?: StartAdapter;
}

export interface RunRequest {
  /** Names the work across processes: what an interrupted run of the same work left is used again. */
  readonly workName: string;
  /** The commit that the run is based on, or the ref that names it as the run begins. */
  readonly base: CommitId | RefName | undefined;
  readonly actor: string;
  /** Calls that run at one time; as the Executor has it by default. */
  readonly size?: number | undefined;
  /** Milliseconds that outcomes wait for others before they are kept; 40 by default. */
  readonly batchMs?: number | undefined;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** Amounts that calls may take together while they run; nothing by default. Not together with pools. */
  readonly resources?: Offers | undefined;
  /** True to cancel what is open, and all that follows, as soon as a call fails; false by default. */
  readonly failFast?: boolean | undefined;
  /** Cancels the run when it is aborted; its reason names why. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Given to look calls up only: none runs, and nothing is written. Hears of a node whose value is asked for although
   * its call did not run; that value never comes.
   */
  readonly whenUnknown?: ((node: RunNode) => void) | undefined;
}

/** A run together with what it reads, writes and reports. */
export interface OpenRun {
  readonly baseCommitId: CommitId | undefined;
  readonly run: Run;
  readonly objects: RunObjects;
  /** IndexRef that stages outcomes as they arrive. */
  readonly index: RunIndex;
  readonly reporter: EventReporter;
  /** Tools that capture files for the run. */
  readonly files: CaptureTools;
  /** Ends every call that is open; what is kept stays. */
  cancel(reason: string): void;
  /** Ends the run: open calls are cancelled, its workers end. */
  close(): Promise<void>;
}

/** The local runtime: answers and runs calls, and is the only writer of execs. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #runs = new Set<OpenRun>();
  readonly #singleFlight = new SingleFlight();
  /** Runs whose adapters are about to end. */
  readonly #closing = new Set<Promise<void>>();

  /** Throws `invalid_option` for pools that cannot be. */
  constructor(options: ExecutorOptions) {
    if (options.pools) checkPools(options.pools.map(({ name, offers = {} }) => ({ name, offers })));
    this.#options = options;
  }

  /**
   * Begins a run on a commit. What the runs before it put is given up to garbage collection, as far as no ref
   * keeps it, when none of them is open any more.
   */
  openRun(request: RunRequest): OpenRun {
    const {
      store,
      nowMs = Date.now,
      random = Math.random,
      retryPauses,
      pollPauses = { baseMs: 20, maxMs: 10_000 },
      startAdapter,
      executables,
      isIsolated = false,
      sharing,
      pools,
      fileCache = true,
      ...rest
    } = this.#options;
    const { program = 'daggerml', ...pool } = rest;
    const {
      base: revision,
      workName,
      actor,
      onEvent,
      signal,
      failFast,
      whenUnknown,
      resources,
      batchMs,
    } = request;
    const isDry = whenUnknown !== undefined || store.isReadOnly;
    const startPool = (size = request.size ?? pool.size): StartAdapter =>
      startAdapter ?? byName({ ...pool, ...(size !== undefined && { size }) }, executables, isIsolated);
    const places = placesOf(pools, resources, startPool);
    // @spec DML-EXE-0721
    if (this.#runs.size === 0 && !isDry) store.checkpoint();
    // @spec DML-EXE-0719
    const [baseCommitId, stagedCommitId] = holdCommits(store, () => [
      revision?.startsWith('refs/')
        ? store.getRef(revision as RefName)?.commitId
        : (revision as CommitId | undefined),
      store.getRef(runIndexRef(workName))?.commitId,
    ]);
    const objects = new RunObjects(store, isDry);
    const index = new RunIndex({ objects, workName, baseCommitId, stagedCommitId, actor, nowMs });
    const reporter = new EventReporter({ runId: randomUUID(), nowMs, onEvent });
    objects.whenMembers = (members) => reporter.report({ type: 'value-progress', members });
    const receipts = new Receipts(surroundingsOf(program), objects);
    const context: AdapterContext = { objects, report: (reports) => run.take(reports) };
    const adapter = whenUnknown ? new PlanningAdapter(context) : new Pools(context, places);
    const budget: RetryBudget = { maxAttempts: 1, ...(retryPauses ?? { baseMs: 500, maxMs: 30_000 }) };
    const base = treeScope(
      baseCommitId === undefined ? [] : objects.read('commit', baseCommitId).pins,
      objects,
    );
    const staged = index.isBegun ? index.scope() : base;
    const ending = new AbortController();
    const run = new Run({
      objects,
      adapter,
      cache: new CacheLookup(objects, { base, staged }),
      batch: new OutcomeBatch(index, nowMs, batchMs),
      index,
      singleFlight: this.#singleFlight,
      receipts,
      reporter,
      // It claims nothing. @spec DML-EXE-3508
      sharing: whenUnknown && sharing ? { cache: sharing.cache } : sharing,
      failFast,
      whenUnknown,
      isDry,
      budget,
      pollPauses,
      signal: signal ? AbortSignal.any([signal, ending.signal]) : ending.signal,
      nowMs,
      random,
    });
    let closing = Promise.resolve();
    const open: OpenRun = {
      baseCommitId,
      run,
      objects,
      index,
      reporter,
      files: {
        fileSystem: nodeFileSystem,
        objects,
        nowMs,
        knowsFiles: fileCache,
        assertOpen: () => run.assertOpen(),
      },
      cancel: (reason) => ending.abort(reason),
      close: () => {
        if (!this.#runs.delete(open)) return closing;
        ending.abort('the run was closed');
        const ended = sharing ? Promise.all([adapter.close(), run.closeSharing()]) : adapter.close();
        closing = ended.then(() => {}).finally(() => this.#closing.delete(closing));
        this.#closing.add(closing);
        return closing;
      },
    };
    this.#runs.add(open);
    return open;
  }

  /** Ends every run and every worker. */
  async close(): Promise<void> {
    for (const open of this.#runs) void open.close();
    await Promise.all(this.#closing);
  }
}

/** Returns the places of a run: its pools, or one place that offers the resources of the run. */
function placesOf(
  pools: readonly PoolOptions[] = [],
  resources: Offers | undefined,
  startPool: (size?: number) => StartAdapter,
): [Pool, ...Pool[]] {
  if (resources !== undefined) checkOffers(resources, 'the resources of a run');
  const [first, ...others] = pools.map(
    ({ name, offers = {}, workers, start = startPool(workers) }): Pool => ({ name, offers, start }),
  );
  if (!first) return [{ name: undefined, offers: resources ?? {}, start: startPool() }];
  // @spec DML-EXE-3165
  if (resources === undefined) return [first, ...others];
  const problem = 'a run in pools takes no resources: say what each pool offers';
  throw executionError('invalid_option', { option: 'resources', problem });
}

/** Makes the adapters in the box, and those that are executables. */
function byName(
  pool: WorkerPoolOptions,
  executables: ExecutableSurroundings | undefined,
  isIsolated: boolean,
): StartAdapter {
  const inTheBox = {
    [LOCAL_ADAPTER]: isIsolated
      ? isolatedWorkers(pool, executables)
      : (inner: AdapterContext) => new LocalWorkers(inner, pool),
    [SCRIPT_ADAPTER]: startScripts(pool),
  };
  const others = executables && executableAdapters(executables, pool.size);
  return (context) => new AdaptersByName(context, inTheBox, { others });
}
