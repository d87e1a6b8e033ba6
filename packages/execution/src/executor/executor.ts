import { FunctionCapture, type FunctionRef } from '@daggerml/capture';
import type { CommitId, DatumId } from '@daggerml/object-model';
import { formatFunctionUri } from '@daggerml/repository';
import type { RefName, Store } from '@daggerml/store';
import { lowerContent } from '@daggerml/values';
import { LocalWorkers, type WorkerPoolOptions } from '../adapters/local-workers.ts';
import type { AdapterContext, StartAdapter } from '../adapters/port.ts';
import type { CaptureTools } from '../files/capture-tools.ts';
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts';
import { RunObjects } from '../objects/run-objects.ts';
import { EventReporter, type RunEvent } from './events.ts';
import { holdCommits } from './hold-commits.ts';
import type { RetryBudget } from './machine.ts';
import { OpenKeys } from './open-keys.ts';
import { Receipts, surroundingsOf } from './receipt.ts';
import { Run } from './run.ts';
import { allowing, type CallSpec } from './run-node.ts';
import { Staging, stagingRef } from './staging.ts';

export interface ExecutorOptions extends WorkerPoolOptions {
  readonly store: Store;
  /** The program and its version, for receipts. */
  readonly program?: string;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  /** Makes what runs the calls of one run; worker threads of this process by default. */
  readonly startAdapter?: StartAdapter;
  /** Whether files that are as they were when they were read last are not read again; they are not by default. */
  readonly fileCache?: boolean;
  /** What files are captured from; that of this machine by default. */
  readonly fileSystem?: FileSystem;
  /** Pauses between attempts; the number of attempts is an option of the call. */
  readonly retryPauses?: { readonly baseMs: number; readonly maxMs: number };
}

export interface RunRequest {
  /** Names the work across processes: what an interrupted run of the same work left is used again. */
  readonly workName: string;
  /** The commit that the run is based on, or the ref that names it as the run begins. */
  readonly base: CommitId | RefName | undefined;
  readonly actor: string;
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
}

/** A run together with what it reads, writes and reports. */
export interface OpenRun {
  readonly baseCommitId: CommitId | undefined;
  readonly run: Run;
  readonly objects: RunObjects;
  readonly staging: Staging;
  readonly reporter: EventReporter;
  /** What captures files for the run. */
  readonly files: CaptureTools;
  /** Ends the run: open calls are cancelled, its workers end. */
  close(): Promise<void>;
}

/** The local runtime: captures functions, answers and runs calls, and is the only writer of execs. */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #capture: FunctionCapture;
  readonly #runs = new Set<OpenRun>();
  readonly #openKeys = new OpenKeys();
  /** Runs whose workers are about to end. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#capture = new FunctionCapture();
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
      startAdapter,
      fileCache = true,
      fileSystem = nodeFileSystem,
      ...rest
    } = this.#options;
    const { program = 'daggerml', ...pool } = rest;
    const { base, workName, actor, onEvent } = request;
    // @spec DML-EXE-0721
    if (this.#runs.size === 0 && !store.isReadOnly) store.checkpoint();
    // @spec DML-EXE-0719
    const [baseCommitId, stagedCommitId] = holdCommits(store, () => [
      base?.startsWith('refs/') ? store.getRef(base as RefName)?.commitId : (base as CommitId | undefined),
      store.getRef(stagingRef(workName))?.commitId,
    ]);
    const objects = new RunObjects(store);
    const staging = new Staging({ objects, workName, baseCommitId, stagedCommitId, actor, nowMs });
    const reporter = new EventReporter(onEvent);
    objects.whenMembers = (members) => reporter.report({ type: 'value-progress', members });
    const receipts = new Receipts(surroundingsOf(program), objects);
    const context: AdapterContext = { objects, report: (reports) => run.report(reports) };
    const adapter = startAdapter?.(context) ?? new LocalWorkers(context, pool);
    const budget: RetryBudget = { maxAttempts: 1, ...(retryPauses ?? { baseMs: 500, maxMs: 30_000 }) };
    const basePins = baseCommitId === undefined ? [] : objects.read('commit', baseCommitId).pins;
    const openKeys = this.#openKeys;
    const run = new Run({
      objects,
      staging,
      basePins,
      adapter,
      receipts,
      reporter,
      budget,
      openKeys,
      nowMs,
      random,
    });
    let closing = Promise.resolve();
    const open: OpenRun = {
      baseCommitId,
      run,
      objects,
      staging,
      reporter,
      files: {
        fileSystem,
        objects,
        nowMs,
        knowsFiles: fileCache,
        assertOpen: () => run.assertOpen(),
      },
      close: () => {
        if (!this.#runs.delete(open)) return closing;
        run.cancel('the run was closed');
        closing = adapter.close().finally(() => this.#closing.delete(closing));
        this.#closing.add(closing);
        return closing;
      },
    };
    this.#runs.add(open);
    return open;
  }

  /**
   * Captures a function and stores the datum that names it.
   *
   * @spec DML-EXE-0502
   */
  captureFunction(reference: FunctionRef, objects: RunObjects): CallSpec {
    const { moduleUrl, exportName, options, allow } = reference;
    // @spec DML-EXE-0523
    const { bundle, ambientInputs, leftOut, locator } = this.#capture.capture({ moduleUrl, exportName });
    const blob = lowerContent(bundle, objects);
    const bundleDatumId: DatumId = objects.put(blob as NonNullable<typeof blob>);
    const uri = formatFunctionUri({ bundleDatumId, exportName });
    const functionDatumId = objects.put({
      type: 'datum',
      kind: 'uri',
      value: uri,
      attachmentDatumId: bundleDatumId,
    });
    const captured = { exportName, locator, ambientInputs, leftOut };
    const name = options.label ?? exportName;
    return allowing({ functionDatumId, uri, name, options, captured }, allow);
  }

  /** Ends every run and every worker. */
  async close(): Promise<void> {
    for (const open of this.#runs) void open.close();
    await Promise.all(this.#closing);
  }
}
