import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsageWatch } from './usage-watch.ts';

let child: ChildProcess;
beforeEach(() => {
  vi.useFakeTimers();
  child = spawn('sleep', ['1000']);
});
afterEach(() => {
  vi.useRealTimers();
  child.kill('SIGKILL');
});

describe('the use of a process', () => {
  it('is not looked at before it has run for 100 ms [DML-EXE-3726]', () => {
    const watch = new UsageWatch(child.pid as number);
    vi.advanceTimersByTime(99);
    expect(watch.usage).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(watch.usage).toEqual({ cpuMs: expect.any(Number), peakMemoryBytes: expect.any(Number) });
    watch.end();
    const short = new UsageWatch(child.pid as number);
    short.end();
    vi.advanceTimersByTime(10_000);
    expect(short.usage).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is looked at after pauses that grow', () => {
    const watch = new UsageWatch(child.pid as number);
    const waits: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      const before = Date.now();
      vi.advanceTimersToNextTimer();
      waits.push(Date.now() - before);
    }
    expect(waits).toEqual([100, 200, 400, 500, 500]);
    watch.end();
  });

  it('is not known of a process that is no child of this one', () => {
    const watch = new UsageWatch(process.ppid);
    vi.advanceTimersByTime(1_000);
    expect(watch.usage).toBeUndefined();
    watch.end();
  });
});
