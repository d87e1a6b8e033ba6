import { type DatumId, isDmlError, type NodeId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { StoredBlob } from '@daggerml/values';
import { datumClosure } from '../objects/closure.ts';
import { decodeAs } from '../objects/decode-as.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { type PackedObjects, packObjects } from '../worker/packed-objects.ts';
import { type JobOutcome, type PoolOptions, type RunningJob, WorkerPool } from '../worker/pool.ts';
import type { BundleContent } from '../worker/wire.ts';
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

/** What whoever starts a run says of its worker threads. */
export type WorkerPoolOptions = Omit<PoolOptions, 'readObject' | 'readBundle'>;

/** Runs captured functions in worker threads, from their bundles in the repository. */
export class LocalWorkerAdapter implements ClosableRunner {
  readonly #pool: WorkerPool;
  readonly #objects: RunObjects;
  readonly #running = new Map<NodeId, RunningJob>();

  constructor(objects: RunObjects, options: WorkerPoolOptions) {
    this.#objects = objects;
    this.#pool = new WorkerPool({
      ...options,
      readObject: (objectClass, objectId) => objects.getBytes(objectClass, objectId),
      // @spec DML-EXE-0513
      readBundle: (bundleDatumId) => readBundle(bundleDatumId, objects),
    });
  }

  start(attempt: Attempt): void {
    // @spec DML-BND-0504
    void this.#run(attempt).then(attempt.onEnd, (error: unknown) => {
      this.#running.delete(attempt.nodeId);
      attempt.onEnd(outcomeOf(this.#explained(error)));
    });
  }

  async #run(attempt: Attempt): Promise<AttemptOutcome> {
    const { nodeId, spec, inputDatumIds, onStart, onOutput, onObjects } = attempt;
    const { bundleDatumId, exportName } = parseFunctionUri(spec.uri);
    const objects = this.#objects;
    const job = this.#pool.run({
      // @spec DML-EXE-0803
      message: () => ({
        bundleDatumId,
        exportName,
        inputDatumIds,
        objects: packObjects(datumClosure(inputDatumIds, objects)),
      }),
      timeoutMs: spec.options.timeoutMs,
      onStart,
      onOutput,
      onObjects,
    });
    this.#running.set(nodeId, job);
    const outcome = await job.outcome;
    this.#running.delete(nodeId);
    return outcome.type === 'broken' ? outcomeOf(outcome.error) : outcome;
  }

  /** Returns the error of an input that is gone, or that everything this run has put may be gone. */
  #explained(error: unknown): unknown {
    if (!isDmlError(error) || error.code !== 'object_missing') return error;
    const missing = this.#objects.store.missing('datum', String(error.fields.objectId) as DatumId);
    return isStoreFailure(missing) ? missing : error;
  }

  /** @spec DML-EXE-0811 */
  stop(nodeId: NodeId): void {
    this.#running.get(nodeId)?.cancel();
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

async function readBundle(bundleDatumId: DatumId, objects: RunObjects): Promise<BundleContent> {
  const datum = objects.getBytes('datum', bundleDatumId);
  const record = datum && decodeAs('datum', datum);
  if (record?.kind !== 'blob') throw objects.store.missing('datum', bundleDatumId);
  return {
    datum: datum as Uint8Array,
    content: await new StoredBlob(objects, bundleDatumId, record).bytes(),
  };
}

/** What an error outside of the function means: the store has failed, an input is gone, or this attempt has failed. */
function outcomeOf(error: unknown): AttemptOutcome {
  if (isStoreFailure(error)) return { type: 'broken', error };
  const reason = error instanceof Error ? error.message : String(error);
  if (!isDmlError(error)) return { type: 'lost', code: 'worker_lost', reason };
  return { type: 'lost', code: error.code === 'adapter_unknown' ? error.code : 'object_missing', reason };
}
