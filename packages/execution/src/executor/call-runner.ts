import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type DatumId, isDmlError, type NodeId } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import { parseFunctionUri } from '../nodes/function-uri.ts';
import { datumClosure } from '../objects/closure.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { StoredBlob } from '../values/stored-blob.ts';
import { type PackedObjects, packObjects } from '../worker/packed-objects.ts';
import { type JobOutcome, type PoolOptions, type RunningJob, WorkerPool } from '../worker/pool.ts';
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
type LostCode = 'worker_lost' | 'timeout' | 'cancelled' | 'adapter_unknown' | 'object_missing';

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

/**
 * Runs captured functions in worker threads, from their bundles in the repository.
 *
 * Bundles are laid out as files in a folder of this process, which `close` removes.
 */
export class LocalWorkerAdapter implements ClosableRunner {
  readonly #pool: WorkerPool;
  readonly #objects: RunObjects;
  readonly #running = new Map<NodeId, { job?: RunningJob; isStopped: boolean }>();
  readonly #bundles = new Map<DatumId, Promise<string>>();
  #folder: string | undefined;
  #isClosed = false;

  constructor(objects: RunObjects, options: Omit<PoolOptions, 'readObject'>) {
    this.#objects = objects;
    this.#pool = new WorkerPool({
      ...options,
      readObject: (objectClass, objectId) => objects.getBytes(objectClass, objectId),
    });
  }

  start(attempt: Attempt): void {
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
    const bundleUrl = await this.#bundleUrl(bundleDatumId);
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
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @spec DML-EXE-0513 */
  async #bundleUrl(bundleDatumId: DatumId): Promise<string> {
    const laidOut = await this.#bundles.get(bundleDatumId);
    // Folders for temporary files are cleaned by others, too.
    // @spec DML-EXE-0821
    if (laidOut !== undefined && existsSync(laidOut)) return pathToFileURL(laidOut).href;
    const file = this.#layOut(bundleDatumId);
    this.#bundles.set(bundleDatumId, file);
    return pathToFileURL(await file).href;
  }

  async #layOut(bundleDatumId: DatumId): Promise<string> {
    const datum = this.#objects.readDatum(bundleDatumId);
    if (datum.kind !== 'blob')
      throw executionError('object_missing', { objectClass: 'datum', objectId: bundleDatumId });
    const bytes = await new StoredBlob(this.#objects, bundleDatumId, datum).bytes();
    this.#folder ??= mkdtempSync(join(tmpdir(), 'daggerml-'));
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, `${bundleDatumId}.mjs`);
    writeFileSync(file, bytes);
    return file;
  }
}

/** What an error outside of the function means: the store has failed, an input is gone, or this attempt has failed. */
function outcomeOf(error: unknown): AttemptOutcome {
  if (isStoreFailure(error)) return { type: 'broken', error };
  const reason = error instanceof Error ? error.message : String(error);
  if (!isDmlError(error)) return { type: 'lost', code: 'worker_lost', reason };
  return { type: 'lost', code: error.code === 'adapter_unknown' ? error.code : 'object_missing', reason };
}
