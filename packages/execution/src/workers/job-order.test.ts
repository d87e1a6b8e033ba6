import type { Needs } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { FreeAmounts } from '../adapters/free-amounts.ts';
import type { Offers } from '../adapters/needs.ts';
import { planJobs } from './job-order.ts';

interface TestJob {
  readonly name: string;
  readonly needs: Needs;
  readonly ms: number;
  dueMs: number;
  waitsSinceMs: number | undefined;
}

/** A worker whose clock the test moves: it begins jobs as planned each second and whenever one has ended. */
class TestWorker {
  nowMs = 0;
  readonly begun: string[] = [];
  readonly #offers: Offers;
  readonly #maxJobs: number;
  #waiting: TestJob[] = [];
  #running: { readonly job: TestJob; readonly endMs: number }[] = [];
  kept: readonly string[] = [];
  blockedCount = 0;

  constructor(offers: Offers, maxJobs = 8) {
    this.#offers = offers;
    this.#maxJobs = maxJobs;
  }

  add(name: string, needs: Needs, ms: number, dueMs = 0): void {
    this.#waiting.push({ name, needs, ms, dueMs, waitsSinceMs: undefined });
  }

  get running(): string[] {
    return this.#running.map(({ job }) => job.name);
  }

  plan(): void {
    this.#running = this.#running.filter(({ endMs }) => endMs > this.nowMs);
    const free = new FreeAmounts(this.#offers);
    for (const { job } of this.#running) free.take(job.needs);
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= this.nowMs);
    const slots = this.#maxJobs - this.#running.length;
    const { begin, kept, blockedCount } = planJobs(due, { free, slots }, this.nowMs);
    for (const job of due) job.waitsSinceMs ??= this.nowMs;
    for (const job of begin) this.#running.push({ job, endMs: this.nowMs + job.ms });
    this.#waiting = this.#waiting.filter((job) => !begin.includes(job));
    this.begun.push(...begin.map(({ name }) => name));
    this.kept = kept.map(({ name }) => name);
    this.blockedCount = blockedCount;
  }

  /** Lets time pass second by second; `each` is done before each plan. */
  pass(seconds: number, each: () => void = () => {}): void {
    for (let second = 0; second < seconds; second += 1) {
      this.nowMs += 1_000;
      each();
      this.plan();
    }
  }
}

describe('the order of jobs in a worker', () => {
  it('keeps what is free for a job that has waited for 30 s, and nothing before [DML-EXE-2800]', () => {
    const worker = new TestWorker({ gpu: 4, memoryMb: 100 });
    for (const at of [1, 2, 3, 4]) worker.add(`small ${at}`, { gpu: 1 }, at * 1_000 + 5_000);
    worker.plan();
    worker.add('large', { gpu: 4 }, 5_000);
    let count = 4;
    // One small job comes each second, which takes what has become free.
    const addSmall = (): void => {
      count += 1;
      worker.add(`small ${count}`, { gpu: 1 }, 4_000);
    };
    worker.pass(30, addSmall);
    expect([worker.kept, worker.begun.includes('large')]).toEqual([[], false]);
    expect(worker.begun.length).toBeGreaterThan(20);
    const begun = worker.begun.length;
    worker.pass(1, addSmall);
    expect(worker.kept).toEqual(['large']);
    // What needs nothing of that goes on; and it begins once those that run have ended.
    worker.add('other', { memoryMb: 100 }, 1_000);
    worker.add('plain', {}, 1_000);
    worker.pass(4, addSmall);
    expect(worker.begun.slice(begun)).toEqual(['other', 'plain', 'large']);
    expect(worker.running).toEqual(['large']);
    worker.pass(5, addSmall);
    expect(worker.begun.length).toBe(begun + 3 + 4);
  });

  it('keeps it for the one that has waited longest, and other amounts for others [DML-EXE-2800]', () => {
    const worker = new TestWorker({ gpu: 2, memoryMb: 10, disk: 1 });
    worker.add('runs', { gpu: 1, memoryMb: 6 }, 100_000);
    worker.plan();
    worker.add('first', { gpu: 2 }, 1_000);
    worker.pass(1);
    worker.add('second', { gpu: 2, disk: 1 }, 1_000);
    worker.add('third', { memoryMb: 10 }, 1_000);
    worker.pass(40);
    expect(worker.kept).toEqual(['first', 'third']);
    worker.add('on the disk', { disk: 1 }, 1_000);
    worker.add('in memory', { memoryMb: 1 }, 1_000);
    worker.pass(1);
    expect(worker.running).toEqual(['runs', 'on the disk']);
    expect(worker.blockedCount).toBe(4);
    worker.pass(70);
    expect(worker.begun).toEqual(['runs', 'on the disk', 'first', 'third', 'second', 'in memory']);
  });

  it('begins what has waited longest first, also where it was tried before [DML-EXE-2801]', () => {
    const worker = new TestWorker({}, 1);
    worker.add('runs', {}, 1_000);
    worker.plan();
    worker.add('tried', {}, 1_000, 1_000);
    let count = 0;
    const addFresh = (): void => {
      count += 1;
      worker.add(`fresh ${count}`, {}, 1_000);
    };
    // Those that were not tried yet go first, until it has waited for long.
    worker.pass(30, addFresh);
    expect(worker.begun.at(-1)).toBe('fresh 30');
    worker.pass(1, addFresh);
    expect(worker.begun.at(-1)).toBe('tried');
    worker.pass(1, addFresh);
    expect(worker.begun.at(-1)).toBe('fresh 31');
  });

  it('begins the one that has waited longest first, whenever it came [DML-EXE-2801]', () => {
    const worker = new TestWorker({}, 1);
    worker.add('runs', {}, 40_000);
    worker.plan();
    worker.add('tried', {}, 1_000, 5_000);
    worker.add('fresh', {}, 1_000);
    worker.pass(42);
    expect(worker.begun).toEqual(['runs', 'fresh', 'tried']);
    // Of two that were tried the order in which they are due does not count any more.
    worker.add('runs again', {}, 40_000);
    worker.pass(1);
    worker.add('later', {}, 1_000, 60_000);
    worker.add('sooner', {}, 1_000, 50_000);
    worker.pass(45);
    expect(worker.begun.slice(3)).toEqual(['runs again', 'sooner', 'later']);
  });

  it('begins every job, whatever comes', () => {
    const worker = new TestWorker({ gpu: 3, memoryMb: 8 }, 3);
    const needs: readonly Needs[] = [{}, { gpu: 1 }, { gpu: 3 }, { memoryMb: 8 }, { gpu: 2, memoryMb: 5 }];
    let count = 0;
    for (let at = 0; at < 200; at += 1) {
      worker.add(`job ${at}`, needs[(at * 7 + (at % 3)) % needs.length] as Needs, 1_000 + (at % 5) * 700);
    }
    // More than fits comes all the time.
    worker.pass(600, () => {
      count += 1;
      worker.add(`later ${count}`, { gpu: 1 }, 3_000);
    });
    expect(worker.begun.filter((name) => name.startsWith('job'))).toHaveLength(200);
    expect(new Set(worker.begun).size).toBe(worker.begun.length);
  });
});
