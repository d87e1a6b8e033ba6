import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PollClock } from './poll-clock.ts';

describe('polls that wait for their time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('come together, never early, with one timer for all of them', () => {
    const taken: (readonly [number, string[]])[] = [];
    const beganMs = performance.now();
    const now = (): number => performance.now() - beganMs;
    const clock = new PollClock<string>({
      monotonicMs: now,
      take: (due) => taken.push([now(), [...due]]),
    });
    clock.add('late', 1000);
    clock.add('second', 45);
    clock.add('first', 21);
    clock.add('third', 60);
    clock.add('at once', 0);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(999);
    expect(taken).toEqual([
      [0, ['at once']],
      [40, ['first']],
      [60, ['second', 'third']],
    ]);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(taken.at(-1)).toEqual([1000, ['late']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are forgotten when they are not wanted any more', () => {
    const take = vi.fn();
    const clock = new PollClock<number>({ monotonicMs: () => performance.now(), take });
    for (let each = 0; each < 10_000; each += 1) clock.add(each, each % 500);
    clock.clear();
    vi.advanceTimersByTime(1000);
    expect(take).not.toHaveBeenCalled();
    clock.add(1, 0);
    vi.advanceTimersByTime(100);
    expect(take.mock.calls).toEqual([[[1]]]);
  });
});
