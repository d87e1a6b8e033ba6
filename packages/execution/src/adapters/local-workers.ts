import { type NativePackage, nativeFiles } from '@daggerml/capture';
import type { DatumId, NodeId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { StoredBlob } from '@daggerml/values';
import { addDatumClosure, type FoundObjects } from '../objects/closure.ts';
import { decodeAs } from '../objects/decode-as.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { JobOutcome } from '../worker/job.ts';
import { packObjects } from '../worker/packed-objects.ts';
import { type PoolListener, type PoolOptions, WorkerPool } from '../worker/pool.ts';
import type { BundleContent, NestedAnswer } from '../worker/wire.ts';
import { failureOf, lost } from './failure-answer.ts';
import { maskedContext } from './masked-context.ts';
import type {
  AdapterAnswer,
  AdapterContext,
  AdapterReport,
  AdapterTraits,
  AttemptUsage,
  ExecutionAdapter,
  Poll,
  Submission,
} from './port.ts';

/** Options of the worker threads of a run. */
export type WorkerPoolOptions = Omit<
  PoolOptions,
  'addInputs' | 'readChunk' | 'missing' | 'bringChunks' | 'readBundle' | keyof PoolListener
>;

/** Enough to keep every thread of a large machine busy between two turns of the Executor. */
const CAPACITY = 4096;

/** Runs captured functions in worker threads, from their bundles in the repository. */
export class LocalWorkers implements ExecutionAdapter {
  readonly capacity: number = CAPACITY;
  readonly #pool: WorkerPool;
  readonly #context: AdapterContext;
  /** Packages with machine code that bundles import. */
  readonly #natives = new Map<DatumId, readonly NativePackage[]>();

  constructor(context: AdapterContext, options: WorkerPoolOptions) {
    this.#context = maskedContext(context, options.env);
    const { objects, report } = this.#context;
    this.#pool = new WorkerPool({
      ...options,
      // @spec DML-EXE-0803
      addInputs: (inputDatumIds, found) => addDatumClosure(inputDatumIds, objects, found),
      readChunk: (chunkId) => objects.getChunk(chunkId),
      missing: (chunkId) => objects.missing('chunk', chunkId),
      bringChunks: (chunkIds) => objects.bringChunks(chunkIds),
      // @spec DML-EXE-0513
      readBundle: async (bundleDatumId) => {
        const bundle = await readBundle(bundleDatumId, objects);
        return { ...bundle, natives: nativeFiles(this.#natives.get(bundleDatumId) ?? [], bundle.content) };
      },
      onStart: (jobs) => report(jobs.map(({ nodeId }) => ({ type: 'started', nodeId }))),
      onOutput: ({ nodeId }, piece) => report([{ type: 'output', nodeId, ...piece }]),
      onPrintedAgain: ({ nodeId }) => report([{ type: 'begun-again', nodeId }]),
      onNested: ({ nodeId }, request) => report([{ type: 'nested', nodeId, request }]),
      onObjects: (packed) => {
        report([{ type: 'objects', objects: packed }]);
        return !objects.hasPending;
      },
      onEnd: (ends) => report(ends.map(({ job, outcome }) => answered(job.nodeId, this.#answerOf(outcome)))),
    });
  }

  traitsOf(): AdapterTraits {
    return { width: this.#pool.size };
  }

  submit(submissions: readonly Submission[]): void {
    for (const submission of submissions) {
      const { functionUri, natives = [] } = submission;
      if (natives.length > 0) this.#natives.set(parseFunctionUri(functionUri).bundleDatumId, natives);
      // @spec DML-BND-0504
      this.#pool.run(submission);
    }
  }

  /** Threads answer by themselves: no attempt is ever pending. */
  poll(polls: readonly Poll[]): void {
    const ended = lost({ code: 'worker_lost', reason: 'the attempt ended' });
    this.#context.report(polls.map(({ nodeId }) => answered(nodeId, ended)));
  }

  #answerOf(outcome: JobOutcome): AdapterAnswer {
    switch (outcome.type) {
      case 'value':
        return { ...outcome, type: 'done', outcome: 'ok', ...usageOf(outcome) };
      case 'threw':
        return {
          type: 'done',
          outcome: 'error',
          failure: outcome.failure,
          names: outcome.names,
          ...usageOf(outcome),
        };
      case 'lost':
        return lost(outcome);
      case 'broken':
        return failureOf(outcome.error);
    }
  }

  answerNested(nodeId: NodeId, request: number, answer: NestedAnswer): void {
    if (answer.type === 'threw') return this.#pool.answerNested(nodeId, { request, answer });
    const found: FoundObjects = new Map();
    addDatumClosure([answer.datumId], this.#context.objects, found);
    const objects = packObjects([...found.values()]);
    this.#pool.answerNested(nodeId, { request, answer: { ...answer, objects } });
  }

  raise(nodeId: NodeId, depth: number): void {
    this.#pool.raise(nodeId, depth);
  }

  stop(nodeId: NodeId): void {
    this.#pool.stop(nodeId);
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

function answered(nodeId: NodeId, answer: AdapterAnswer): AdapterReport {
  return { type: 'answered', nodeId, answer };
}

function usageOf({ cpuMs }: { readonly cpuMs?: number | undefined }): { readonly usage?: AttemptUsage } {
  return cpuMs === undefined ? {} : { usage: { cpuMs } };
}

async function readBundle(bundleDatumId: DatumId, objects: RunObjects): Promise<BundleContent> {
  const datum = objects.getBytes('datum', bundleDatumId);
  const record = datum && decodeAs('datum', datum);
  if (record?.kind !== 'blob') throw objects.missing('datum', bundleDatumId);
  return {
    datum: datum as Uint8Array,
    content: await new StoredBlob(objects, bundleDatumId, record).bytes(),
  };
}
