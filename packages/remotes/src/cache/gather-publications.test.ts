import type { ExecId, ExecutionKey } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import type { OutcomeObjects, OutcomeToPublish } from './cache-publisher.ts';
import { type GatherClock, GatheredPublications } from './gather-publications.ts';

/** Timers that fire as the test moves the time. */
class TestClock implements GatherClock {
  nowMs = 0;
  #timers: { readonly atMs: number; readonly act: () => void }[] = [];

  monotonicMs(): number {
    return this.nowMs;
  }

  callAfter(ms: number, act: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#timers.sort((left, right) => left.atMs - right.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.act();
    }
    this.nowMs = untilMs;
  }
}

const source: OutcomeObjects = { getBytes: () => undefined };

function outcome(fencing?: number): OutcomeToPublish {
  return {
    executionKey: 'a'.repeat(64) as ExecutionKey,
    execId: 'b'.repeat(64) as ExecId,
    status: 'ok',
    fencing,
  };
}

function gather(): {
  clock: TestClock;
  gathered: GatheredPublications;
  published: { atMs: number; count: number }[];
  failWith: (error: Error | undefined) => void;
} {
  const clock = new TestClock();
  const published: { atMs: number; count: number }[] = [];
  let failure: Error | undefined;
  const gathered = new GatheredPublications({
    clock,
    publish: async (outcomes) => {
      published.push({ atMs: clock.nowMs, count: outcomes.length });
      if (failure) throw failure;
    },
  });
  return {
    clock,
    gathered,
    published,
    failWith: (error) => {
      failure = error;
    },
  };
}

describe('publications', () => {
  it('wait for others, the longer the longer the process publishes [DML-REM-1221]', async () => {
    const { clock, gathered, published } = gather();
    for (let second = 0; second < 3_600; second += 1) {
      void gathered.publish([outcome()], source);
      await clock.advance(1_000);
    }
    const pauses = published.map(({ atMs }, at) => atMs - (published[at - 1]?.atMs ?? 0));
    expect(pauses[0]).toBe(2_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(301_000);
    expect(published.length).toBeLessThan(30);
    const counted = published.reduce((sum, { count }) => sum + count, 0);
    expect(counted).toBeGreaterThan(3_600 - 302);
  });

  it('with a claim wait for ten seconds at most [DML-REM-1221]', async () => {
    const { clock, gathered, published } = gather();
    void gathered.publish([outcome(1)], source);
    await clock.advance(1_000);
    expect(published).toEqual([{ atMs: 1_000, count: 1 }]);
    await clock.advance(3_600_000);
    published.length = 0;
    void gathered.publish([outcome()], source);
    void gathered.publish([outcome(2)], source);
    await clock.advance(9_999);
    expect(published).toEqual([]);
    await clock.advance(1);
    expect(published).toEqual([{ atMs: 3_611_000, count: 2 }]);
  });

  it('do not wait once the run ends [DML-REM-1221]', async () => {
    const { clock, gathered, published } = gather();
    gathered.flush();
    const done = gathered.publish([outcome()], source);
    gathered.flush();
    await clock.advance(0);
    await done;
    expect(published).toEqual([{ atMs: 0, count: 1 }]);
  });

  it('that come while one is under way follow it when they are due', async () => {
    const clock = new TestClock();
    const ends: (() => void)[] = [];
    const counts: number[] = [];
    const gathered = new GatheredPublications({
      clock,
      publish: (outcomes) => {
        counts.push(outcomes.length);
        return new Promise<void>((resolve) => ends.push(resolve));
      },
    });
    const first = gathered.publish([outcome()], source);
    await clock.advance(2_000);
    const others = [gathered.publish([outcome()], source), gathered.publish([outcome()], source)];
    await clock.advance(10_000);
    expect(counts).toEqual([1]);
    ends.shift()?.();
    await first;
    await clock.advance(0);
    expect(counts).toEqual([1, 2]);
    ends.shift()?.();
    await Promise.all(others);
  });

  it('that fail reject for everybody in them, and later ones are tried again', async () => {
    const { clock, gathered, published, failWith } = gather();
    failWith(new Error('no network'));
    const failed = Promise.allSettled([
      gathered.publish([outcome()], source),
      gathered.publish([outcome()], source),
    ]);
    await clock.advance(2_000);
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failWith(undefined);
    const next = gathered.publish([outcome()], source);
    await clock.advance(10_000);
    await expect(next).resolves.toBeUndefined();
    expect(published.map(({ count }) => count)).toEqual([2, 1]);
  });
});
