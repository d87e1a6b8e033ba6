import type { Needs, NodeId } from '@daggerml/object-model';
import { executionError } from '../errors.ts';
import type { NestedAnswer } from '../worker/wire.ts';
import { Lane } from './lane.ts';
import { checkOffers, type PoolOffers, unmetNeeds, unmetReason } from './needs.ts';
import { NeedsQueue, type Waiting } from './needs-queue.ts';
import type {
  AdapterContext,
  AdapterReport,
  AdapterTraits,
  ExecutionAdapter,
  Poll,
  StartAdapter,
  Submission,
} from './port.ts';

/** A place where calls run, with what it offers them. */
export interface Pool {
  /** Names it in receipts and errors; undefined for the only one of a run that was given none. */
  readonly name: string | undefined;
  readonly offers: PoolOffers;
  readonly start: StartAdapter;
}

interface OpenPool extends Pool {
  readonly adapter: ExecutionAdapter;
  readonly queue: NeedsQueue<PooledCall>;
}

/** A call that has needs, or one of a choice of pools. */
interface PooledCall extends Waiting {
  submission: Submission;
  pool: OpenPool;
  isRunning: boolean;
  /** True for one that may be polled again, also after it was done. */
  hasToken: boolean;
  /** Pools that failed it otherwise than by its function. */
  readonly failedIn: Set<OpenPool>;
}

const NO_NEEDS: Needs = {};

/**
 * Runs each call in the first pool that offers what it needs, when that is free there.
 *
 * Where there is one pool, calls without needs pass through.
 */
export class Pools implements ExecutionAdapter {
  readonly capacity: number = Number.POSITIVE_INFINITY;
  readonly #context: AdapterContext;
  readonly #pools: readonly [OpenPool, ...OpenPool[]];
  readonly #calls = new Map<NodeId, PooledCall>();

  constructor(context: AdapterContext, pools: readonly [Pool, ...Pool[]]) {
    this.#context = context;
    const open = (pool: Pool): OpenPool => {
      const own = { ...context, report: (reports: readonly AdapterReport[]) => this.#take(opened, reports) };
      const adapter = laneOf(pool.start, own);
      const opened: OpenPool = { ...pool, adapter, queue: new NeedsQueue(pool.offers) };
      return opened;
    };
    const [first, ...others] = pools;
    this.#pools = [open(first), ...others.map(open)];
  }

  get #isOnly(): boolean {
    return this.#pools.length === 1;
  }

  /** Returns the traits of the only pool; of several, each has a queue of its own. */
  traitsOf(functionUri: string): AdapterTraits | undefined {
    if (this.#isOnly) return this.#pools[0].adapter.traitsOf?.(functionUri);
    return { outlives: this.#pools.some(({ adapter }) => adapter.traitsOf?.(functionUri)?.outlives) };
  }

  submit(submissions: readonly Submission[]): void {
    if (this.#isOnly && submissions.every(({ needs }) => needs === undefined))
      return this.#pools[0].adapter.submit(submissions);
    for (const submission of submissions) this.#enqueue(submission);
    for (const pool of this.#pools) this.#start(pool);
  }

  #enqueue(submission: Submission): void {
    const { nodeId, needs = NO_NEEDS } = submission;
    // @spec DML-EXE-2002
    const suitable = this.#pools.filter(({ offers }) => unmetNeeds(needs, offers).length === 0);
    const known = this.#calls.get(nodeId);
    const failedIn = known?.failedIn ?? new Set();
    if (suitable.every((pool) => failedIn.has(pool))) failedIn.clear();
    // @spec DML-EXE-2003
    // @spec DML-EXE-2004
    const pool = suitable.find((each) => !failedIn.has(each));
    if (!pool) return this.#refuse(nodeId, needs);
    const call: PooledCall = {
      submission,
      needs,
      pool,
      failedIn,
      isRunning: false,
      hasToken: false,
      isGone: false,
    };
    this.#calls.set(nodeId, call);
    pool.queue.add(call);
  }

  /** Starts the calls of a pool for which there is room. */
  #start({ adapter, queue }: OpenPool): void {
    const calls = queue.take();
    if (calls.length === 0) return;
    for (const call of calls) call.isRunning = true;
    adapter.submit(calls.map(({ submission }) => submission));
  }

  /** @spec DML-EXE-2006 */
  #refuse(nodeId: NodeId, needs: Needs): void {
    const reason = unmetReason(needs, this.#pools);
    const answer = { type: 'failed', isRetryable: false, code: 'needs_unmet', reason } as const;
    setImmediate(() => this.#context.report([{ type: 'answered', nodeId, answer }]));
  }

  poll(polls: readonly Poll[]): void {
    if (this.#isOnly) return this.#pools[0].adapter.poll(polls);
    for (const poll of polls) this.#poolOf(poll.nodeId).adapter.poll([poll]);
  }

  /** Returns the pool that has a call; the first for one that it was given in another run. */
  #poolOf(nodeId: NodeId): OpenPool {
    return this.#calls.get(nodeId)?.pool ?? this.#pools[0];
  }

  #take(pool: OpenPool, reports: readonly AdapterReport[]): void {
    if (this.#isOnly && this.#calls.size === 0 && pool.name === undefined)
      return this.#context.report(reports);
    this.#context.report(
      reports.map((report) => (report.type === 'answered' ? this.#answered(pool, report) : report)),
    );
    this.#start(pool);
  }

  /** Notes what an answer means for the pools. */
  #answered(pool: OpenPool, report: AdapterReport & { readonly type: 'answered' }): AdapterReport {
    const named: AdapterReport = { ...report, pool: pool.name };
    const { nodeId, answer } = report;
    const call = this.#calls.get(nodeId);
    // News of an attempt that was stopped are nobody's.
    if (call?.pool !== pool || !call.isRunning) return named;
    if (answer.type === 'pending') {
      call.hasToken = true;
      return named;
    }
    this.#release(call);
    // @spec DML-EXE-2005
    if (answer.type !== 'failed' || answer.code === 'cancelled') {
      if (this.#isOnly || !call.hasToken) this.#calls.delete(nodeId);
      return named;
    }
    call.failedIn.add(pool);
    const { needs } = call;
    const isOther = this.#pools.some(
      (each) => !call.failedIn.has(each) && unmetNeeds(needs, each.offers).length === 0,
    );
    if (isOther) return { ...named, answer: { ...answer, isRetryable: true } };
    this.#calls.delete(nodeId);
    return named;
  }

  #release(call: PooledCall): void {
    call.isRunning = false;
    call.pool.queue.release(call);
  }

  answerNested(nodeId: NodeId, request: number, answer: NestedAnswer): void {
    this.#poolOf(nodeId).adapter.answerNested?.(nodeId, request, answer);
  }

  /**
   * Starts at once what a running function waits for: else it would hold for ever what that needs.
   *
   * @spec DML-EXE-3166
   */
  raise(nodeId: NodeId, depth: number): void {
    const call = this.#calls.get(nodeId);
    const { adapter } = call?.pool ?? this.#pools[0];
    if (!call || call.isRunning || call.isGone) return adapter.raise?.(nodeId, depth);
    call.isGone = true;
    const raised = { ...call, needs: NO_NEEDS, isGone: false, isRunning: true };
    this.#calls.set(nodeId, raised);
    adapter.submit([{ ...call.submission, depth }]);
  }

  stop(nodeId: NodeId): void {
    const call = this.#calls.get(nodeId);
    if (!call) {
      for (const { adapter } of this.#pools) adapter.stop(nodeId);
      return;
    }
    this.#calls.delete(nodeId);
    const { pool } = call;
    call.isGone = true;
    if (!call.isRunning) return;
    pool.adapter.stop(nodeId);
    this.#release(call);
    this.#start(pool);
  }

  settled(executionUuid: string): void {
    for (const { adapter } of this.#pools) adapter.settled?.(executionUuid);
  }

  async close(): Promise<void> {
    for (const call of this.#calls.values()) call.isGone = true;
    await Promise.all(this.#pools.map(({ adapter }) => adapter.close()));
  }
}

/** Starts an adapter, behind a queue for what it has no room for; the adapters in the box have queues of their own. */
function laneOf(start: StartAdapter, context: AdapterContext): ExecutionAdapter {
  let { report } = context;
  const adapter = start({ ...context, report: (reports) => report(reports) });
  if (adapter.capacity === Number.POSITIVE_INFINITY) return adapter;
  return new Lane(context, (inner) => {
    report = inner.report;
    return adapter;
  });
}

/** Throws `invalid_option` for pools that cannot be. */
export function checkPools(pools: readonly Pick<Pool, 'name' | 'offers'>[]): void {
  const names = new Set<string>();
  for (const { name, offers } of pools) {
    // @spec DML-EXE-3164
    if (typeof name !== 'string' || name === '' || names.has(name)) {
      const problem = `each pool has a name of its own, not ${name === undefined ? 'none' : `"${name}"`}`;
      throw executionError('invalid_option', { option: 'pools', problem });
    }
    names.add(name);
    if (offers !== 'any') checkOffers(offers, `the offers of the pool "${name}"`);
  }
}
