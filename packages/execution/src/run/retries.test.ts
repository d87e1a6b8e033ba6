import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Workspace } from '../../test/workspace.ts';

vi.setConfig({ testTimeout: 120_000 });

const steps = `
export const reset = (): never => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('socket'), { code: 'ECONNRESET' }) });
};
class NetworkError extends Error { name = 'NetworkError'; }
export const network = (): never => { throw new NetworkError('down'); };
export const stray = (): Promise<never> => {
  setTimeout(() => { throw Object.assign(new Error('late'), { code: 'ELATE' }); }, 1);
  return new Promise(() => {});
};
export const text = (): never => { throw 'text'; };
export const strange = () => ({ f: () => 1 });
export const hang = (): Promise<never> => new Promise(() => { setInterval(() => {}, 1000); });
`;

describe('a function that throws', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await Workspace.create(steps);
  });
  afterAll(() => workspace.close());

  /** Codes of the failures after which the newest run made another attempt. */
  const retried = (): unknown[] =>
    workspace.events.map((event) => event.type === 'call-retried' && event.code).filter(Boolean);

  it.each([
    ['reset', ['ECONNRESET'], 2],
    ['reset', ['TypeError'], 2],
    ['reset', ['Error'], 2],
    ['reset', ['RangeError', 'fetch failed'], 0],
    ['network', ['NetworkError'], 2],
    ['network', ['Error'], 0],
    ['stray', ['ELATE'], 2],
    ['text', 'throw', 2],
    ['text', ['text'], 0],
    ['strange', 'throw', 0],
    ['reset', undefined, 0],
    ['reset', [], 0],
  ] as const)('%s with retryOn %j is retried %d times [DML-EXE-3104]', async (name, retryOn, times) => {
    const run = workspace.begin();
    const node = run.call(name, [], { cache: false, ...(retryOn && { retryOn }) });
    expect(await run.outcome(node)).toMatchObject({ class: 'deterministic' });
    expect(retried()).toEqual(Array.from({ length: times }, () => 'function_threw'));
  });

  it('says that its retries do not cover it, where nothing says so [DML-EXE-3106]', async () => {
    const unused = async (options: object): Promise<unknown> => {
      const run = workspace.begin();
      await run.outcome(run.call('text', [], options));
      const finished = workspace.events.find((event) => event.type === 'call-finished');
      return finished && 'retriesUnused' in finished;
    };
    expect(await unused({ retries: 2, cache: false })).toBe(true);
    expect(await unused({ retries: 2 })).toBe(false);
    expect(await unused({ retries: 0, cache: false })).toBe(false);
    expect(await unused({ cache: false })).toBe(false);
    expect(await unused({ retries: 2, retryOn: [], cache: false })).toBe(false);
    const run = workspace.begin();
    await run.outcome(run.call('strange', [], { retries: 2, cache: false }));
    expect(workspace.events.at(-1)).not.toHaveProperty('retriesUnused');
  });

  it('ends as timed out when the budget is used up, whatever retries are left [DML-EXE-0913]', async () => {
    const run = workspace.begin();
    const node = run.call('hang', [], { budgetMs: 60, retries: 9 });
    expect(await run.outcome(node)).toEqual({
      class: 'infrastructure',
      code: 'timeout',
      message: 'the time budget of 60 ms is used up',
    });
    expect(retried()).toEqual([]);
    expect(node.execId).toBeUndefined();
  });
});

describe('the time budget of a call', () => {
  let workspace: Workspace;
  let nowMs = 1000;
  beforeEach(async () => {
    workspace = await Workspace.held({
      nowMs: () => nowMs,
      retryPauses: { baseMs: 20, maxMs: 20 },
      random: () => 0,
    });
  });
  afterEach(() => workspace.close());

  const lost = { type: 'failed', isRetryable: true, code: 'unreachable', reason: 'gone' } as const;
  /** Waits until the adapter has the next attempt. */
  const submission = () =>
    vi.waitFor(() => expect(workspace.held.held.at(-1)).toBeDefined()).then(() => workspace.held.held.at(-1));

  it('covers attempts and pauses: each attempt may take what is left [DML-EXE-0913]', async () => {
    const run = workspace.begin();
    const node = run.ask('work', [1], { budgetMs: 1000, timeoutMs: 900, retries: 9 });
    expect((await submission())?.timeoutMs).toBe(900);
    nowMs += 300;
    workspace.held.answer(lost);
    // 300 for the attempt, 10 for the pause after it.
    expect((await submission())?.timeoutMs).toBe(690);
    nowMs += 681;
    workspace.held.answer(lost);
    expect(await run.outcome(node)).toMatchObject({ code: 'unreachable', class: 'infrastructure' });
    expect(workspace.eventTypes.filter((type) => type === 'call-started')).toHaveLength(2);
  });

  it.each([
    [
      'ends before the clock has reached the limit',
      99,
      {},
      { message: 'the time budget of 100 ms is used up', submissions: 1 },
    ],
    [
      'ends with a clock that was set back',
      -500,
      {},
      { message: 'the time budget of 100 ms is used up', submissions: 1 },
    ],
    ['has a limit of its own and leaves time', 49, { timeoutMs: 50 }, { message: 'gone', submissions: 2 }],
  ])(
    'an attempt that times out has used up its limit: %s [DML-EXE-0913]',
    async (_, tookMs, limits, expected) => {
      const run = workspace.begin();
      const node = run.ask('work', [1], { budgetMs: 100, retries: 9, ...limits });
      await submission();
      nowMs += tookMs;
      workspace.held.answer({ type: 'failed', isRetryable: true, code: 'timeout', reason: 'late' });
      if (expected.submissions === 2) {
        // 50 for the attempt and 10 for the pause after it.
        expect((await submission())?.timeoutMs).toBe(40);
        nowMs += 40;
        workspace.held.answer(lost);
      }
      expect(await run.outcome(node)).toMatchObject({ message: expected.message, class: 'infrastructure' });
      expect(workspace.eventTypes.filter((type) => type === 'call-started')).toHaveLength(
        expected.submissions,
      );
    },
  );
});

describe('throws that are retried', () => {
  let workspace: Workspace;
  let calls = 0;
  afterEach(() => workspace.close());

  it('leave one record, that of the last [DML-EXE-3105]', async () => {
    const flaky = (passesAt: number): number => {
      calls += 1;
      if (calls < passesAt) throw new Error(`attempt ${calls}`);
      return calls;
    };
    workspace = await Workspace.memory({ functions: { flaky } });
    const run = workspace.begin();
    const never = run.ask('flaky', [9], { retryOn: 'throw', retries: 2 });
    expect(await run.outcome(never)).toMatchObject({ message: 'Error: attempt 3', class: 'deterministic' });
    expect(run.exec(never).status).toBe('error');
    const passes = run.ask('flaky', [5], { retryOn: 'throw', retries: 2 });
    expect([await run.outcome(passes), run.exec(passes).status]).toEqual([5, 'ok']);
    expect(workspace.adapter.asked).toHaveLength(5);
    await run.open.close();

    const again = workspace.begin({ workName: 'again' });
    expect(await again.outcome(again.ask('flaky', [9], { retryOn: 'throw' }))).toMatchObject({
      message: 'Error: attempt 3',
    });
    expect(workspace.adapter.asked).toHaveLength(0);
  });
});
