import { type DatumId, isDmlError, type NodeId } from '@daggerml/object-model';
import { parseFunctionUri } from '../nodes/function-uri.ts';
import { datumClosure } from '../objects/closure.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { type PackedObjects, packObjects } from '../worker/packed-objects.ts';
import { type JobOutcome, type PoolOptions, type RunningJob, WorkerPool } from '../worker/pool.ts';
import { LaidOutBundles } from './laid-out-bundles.ts';
import type { CallSpec } from './run-node.ts';
import { isStoreFailure } from './store-failure.ts';

/** One attempt of one call. */
export interface Attempt {
  readonly nodeId: NodeId;
  readonly spec: CallSpec;
  readonly inputDatumIds: readonly DatumId[];
  readonly onStart: () => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
  readonly onObjects: (objects: PackedObjects) => void;
  readonly onEnd: (outcome: AttemptOutcome) => void;
}

/** How an attempt ended; `broken` says that the store failed, so that nothing more can be recorded. */
export type AttemptOutcome =
  | Exclude<JobOutcome, { type: 'lost' }>
  | { readonly type: 'lost'; readonly code: LostCode; readonly reason: string };

/** Why an attempt said nothing about its call. */
export type LostCode = 'worker_lost' | 'timeout' | 'cancelled' | 'adapter_unknown' | 'object_missing';

/** Runs attempts of calls. */
export interface CallRunner {
  start(attempt: Attempt): void;
  /** Ends the attempt of a node, if one is under way; it then ends as `cancelled`. */
  stop(nodeId: NodeId): void;
}

/** A runner that ends with its run. */
export interface ClosableRunner extends CallRunner {
  close(): Promise<void>;
}

/** Runs captured functions in worker threads, from their bundles in the repository. */
export class LocalWorkerAdapter implements ClosableRunner {
  readonly #pool: WorkerPool;
  readonly #objects: RunObjects;
  readonly #running = new Map<NodeId, { job?: RunningJob; isStopped: boolean }>();
  readonly #bundles: LaidOutBundles;
  #isClosed = false;

  constructor(objects: RunObjects, options: Omit<PoolOptions, 'readObject'>) {
    this.#objects = objects;
    this.#bundles = new LaidOutBundles(objects);
    this.#pool = new WorkerPool({
      ...options,
      readObject: (objectClass, objectId) => objects.getBytes(objectClass, objectId),
    });
  }

  start(attempt: Attempt): void {
    // @spec DML-BND-0504
    void this.#run(attempt).then(attempt.onEnd, (error: unknown) => {
      this.#running.delete(attempt.nodeId);
      attempt.onEnd(outcomeOf(error));
    });
  }

  async #run(attempt: Attempt): Promise<AttemptOutcome> {
    const { nodeId, spec, inputDatumIds, onStart, onOutput, onObjects } = attempt;
    const running: { job?: RunningJob; isStopped: boolean } = { isStopped: false };
    this.#running.set(nodeId, running);
    const { bundleDatumId, exportName } = parseFunctionUri(spec.uri);
    // @spec DML-EXE-0513
    const bundleUrl = await this.#bundles.urlOf(bundleDatumId);
    if (this.#isClosed || running.isStopped)
      return { type: 'lost', code: 'cancelled', reason: 'the call was cancelled' };
    const objects = this.#objects;
    const job = this.#pool.run({
      // @spec DML-EXE-0803
      message: () => ({
        bundleUrl,
        exportName,
        inputDatumIds,
        objects: packObjects(datumClosure(inputDatumIds, objects)),
      }),
      timeoutMs: spec.options.timeoutMs,
      onStart,
      onOutput,
      onObjects,
    });
    running.job = job;
    const outcome = await job.outcome;
    this.#running.delete(nodeId);
    return outcome.type === 'broken' ? outcomeOf(outcome.error) : outcome;
  }

  /** @spec DML-EXE-0811 */
  stop(nodeId: NodeId): void {
    const running = this.#running.get(nodeId);
    if (!running) return;
    running.isStopped = true;
    running.job?.cancel();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pool.close();
    this.#bundles.close();
  }
}

/** What an error outside of the function means: the store has failed, an input is gone, or this attempt has failed. */
function outcomeOf(error: unknown): AttemptOutcome {
  if (isStoreFailure(error)) return { type: 'broken', error };
  const reason = error instanceof Error ? error.message : String(error);
  if (!isDmlError(error)) return { type: 'lost', code: 'worker_lost', reason };
  return { type: 'lost', code: error.code === 'adapter_unknown' ? error.code : 'object_missing', reason };
}
