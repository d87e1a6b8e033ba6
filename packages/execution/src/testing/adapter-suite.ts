import assert from 'node:assert/strict';
import { type ExecutionKey, hashBytes, type NodeId } from '@daggerml/object-model';
import { liftDatum, lowerValue } from '@daggerml/values';
import type {
  AdapterAnswer,
  AdapterReport,
  ExecutionAdapter,
  StartAdapter,
  Submission,
} from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { SuiteCase } from './suite-case.ts';

/** An adapter as the suite judges it. */
export interface AdapterUnderTest {
  readonly start: StartAdapter;
  readonly objects: RunObjects;
  /**
   * Returns the URI of a function: `subtract(a, b)`, `fail(text)` throws an `Error` with the text, and `wait()` does not
   * return before it is stopped.
   */
  readonly uriOf: (name: 'subtract' | 'fail' | 'wait') => string;
  /** Code of the failure of `fail`; `function_threw` by default. */
  readonly failureCode?: string;
}

/** Drives an adapter as the Executor does, without a run. */
class Probe {
  readonly #given: AdapterUnderTest;
  readonly adapter: ExecutionAdapter;
  readonly reports: AdapterReport[] = [];
  readonly answers = new Map<NodeId, AdapterAnswer[]>();
  readonly #uris = new Map<NodeId, string>();
  #calls = 0;
  #onNews: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(given: AdapterUnderTest) {
    this.#given = given;
    this.adapter = given.start({ objects: given.objects, report: (reports) => this.#take(reports) });
  }

  #take(reports: readonly AdapterReport[]): void {
    for (const report of reports) {
      this.reports.push(report);
      if (report.type === 'objects') this.#given.objects.take(report.objects);
      if (report.type !== 'answered') continue;
      const { nodeId, answer } = report;
      this.answers.set(nodeId, [...(this.answers.get(nodeId) ?? []), answer]);
      if (answer.type !== 'pending') continue;
      const poll = { nodeId, functionUri: this.#uris.get(nodeId) as string, token: answer.token };
      setTimeout(() => this.adapter.poll([poll]), answer.pollAfterMs);
    }
    this.#onNews?.();
  }

  get failureCode(): string {
    return this.#given.failureCode ?? 'function_threw';
  }

  call(name: 'subtract' | 'fail' | 'wait', inputs: readonly unknown[]): Submission {
    const { objects, uriOf } = this.#given;
    const id = hashBytes(new TextEncoder().encode(`call ${this.#calls++}`)) as string;
    this.#uris.set(id as NodeId, uriOf(name));
    return {
      nodeId: id as NodeId,
      functionUri: uriOf(name),
      inputDatumIds: inputs.map((input) => lowerValue(input, objects, '')),
      executionKey: id as ExecutionKey,
      attempt: 1,
      timeoutMs: undefined,
    };
  }

  /** Closes the adapter, once. */
  close(): Promise<void> {
    this.#closing ??= this.adapter.close();
    return this.#closing;
  }

  /** Resolves once something holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.#onNews = resolve;
      });
    }
  }

  /** Waits for the last answer about each call. */
  async finals(calls: readonly Submission[]): Promise<AdapterAnswer[]> {
    const finalOf = ({ nodeId }: Submission): AdapterAnswer | undefined =>
      this.answers.get(nodeId)?.find(({ type }) => type !== 'pending');
    await this.until(() => calls.every((call) => finalOf(call) !== undefined));
    return calls.map((call) => finalOf(call) as AdapterAnswer);
  }

  valueOf(answer: AdapterAnswer | undefined): unknown {
    assert.ok(answer?.type === 'done' && answer.outcome === 'ok', `no value but ${JSON.stringify(answer)}`);
    return liftDatum(this.#given.objects, answer.datumId);
  }
}

/** Creates a case that drives an adapter, which is closed at the end. */
function probing(name: string, act: (probe: Probe) => Promise<void>): SuiteCase<AdapterUnderTest> {
  const run = async (given: AdapterUnderTest): Promise<void> => {
    const probe = new Probe(given);
    try {
      await act(probe);
    } finally {
      await probe.close();
    }
  };
  return { name, run };
}

/**
 * The promises of an execution adapter. Run every case against every adapter.
 *
 * @spec DML-EXE-1311
 */
export const adapterSuite: readonly SuiteCase<AdapterUnderTest>[] = [
  probing('answers with a value that is complete, of inputs in their order', async (probe) => {
    const call = probe.call('subtract', [7, 4]);
    probe.adapter.submit([call]);
    const [answer] = await probe.finals([call]);
    assert.equal(probe.valueOf(answer), 3);
  }),
  probing('answers in a later turn, after the start of the attempt', async (probe) => {
    const call = probe.call('subtract', [2, 1]);
    probe.adapter.submit([call]);
    assert.equal(probe.answers.size, 0);
    await probe.finals([call]);
    const types = probe.reports.map(({ type }) => String(type));
    assert.ok(types.includes('started'));
    assert.ok(types.indexOf('started') < types.indexOf('answered'));
  }),
  probing(
    'answers with the failure of a function that throws, which is no failure of the attempt',
    async (probe) => {
      const call = probe.call('fail', ['no way']);
      probe.adapter.submit([call]);
      const [answer] = await probe.finals([call]);
      assert.ok(answer?.type === 'done' && answer.outcome === 'error');
      assert.equal(answer.failure.code, probe.failureCode);
      assert.match(answer.failure.message, /no way/);
    },
  ),
  probing('answers every submission of a batch once', async (probe) => {
    const count = Math.min(200, probe.adapter.capacity);
    const calls = Array.from({ length: count }, (_, index) => probe.call('subtract', [index, 1]));
    probe.adapter.submit(calls);
    const answers = await probe.finals(calls);
    assert.deepEqual(
      answers.map((answer) => probe.valueOf(answer)),
      calls.map((_, index) => index - 1),
    );
    for (const { nodeId } of calls) {
      const finals = probe.answers.get(nodeId)?.filter(({ type }) => type !== 'pending');
      assert.equal(finals?.length, 1);
    }
  }),
  probing('refuses a function that it cannot run, without a retry', async (probe) => {
    const call = { ...probe.call('subtract', [1, 1]), functionUri: 'dml+exec://nowhere/x' };
    probe.adapter.submit([call]);
    const [answer] = await probe.finals([call]);
    assert.ok(answer?.type === 'failed' && !answer.isRetryable);
    assert.equal(answer.code, 'adapter_unknown');
  }),
  probing('stops one attempt and goes on with others', async (probe) => {
    const [waiting, other] = [probe.call('wait', []), probe.call('subtract', [5, 5])];
    probe.adapter.submit([waiting]);
    await probe.until(() => probe.reports.some(({ type }) => type === 'started'));
    probe.adapter.stop(waiting.nodeId);
    probe.adapter.submit([other]);
    const [answer] = await probe.finals([other]);
    assert.equal(probe.valueOf(answer), 0);
  }),
  probing('closes while attempts run, and gives no value of them afterwards', async (probe) => {
    const call = probe.call('wait', []);
    probe.adapter.submit([call]);
    await probe.until(() => probe.reports.some(({ type }) => type === 'started'));
    await probe.close();
    const answers = probe.answers.get(call.nodeId) ?? [];
    assert.ok(answers.every(({ type }) => type !== 'done'));
  }),
];
