import { describe, expect, it } from 'vitest';
import { ReadyQueue } from './ready-queue.ts';

function drain(queue: ReadyQueue): number[] {
  const taken: number[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next);
  return taken;
}

describe('ReadyQueue', () => {
  it('yields the levels one after the other, each by rank', () => {
    const queue = new ReadyQueue(3, (number) => 100 - number);
    for (const [number, level] of [
      [1, 2],
      [2, 0],
      [3, 1],
      [4, 0],
      [5, 2],
    ] as const)
      queue.add(number, level);
    expect(drain(queue)).toEqual([4, 2, 3, 5, 1]);
    expect(queue.isEmpty).toBe(true);
  });

  it('ends a pass before it begins one on a lower level', () => {
    const queue = new ReadyQueue(2, (number) => number);
    queue.add(1, 1);
    queue.add(2, 1);
    expect(queue.take()).toBe(1);
    queue.add(9, 0);
    queue.add(0, 1);
    expect(drain(queue)).toEqual([2, 9, 0]);
  });

  it('is empty only when nothing waits in any level or in the pass', () => {
    const queue = new ReadyQueue(2, (number) => number);
    expect(queue.isEmpty).toBe(true);
    expect(queue.take()).toBeUndefined();
    queue.add(7, 1);
    queue.add(8, 1);
    expect(queue.isEmpty).toBe(false);
    expect(queue.take()).toBe(7);
    expect(queue.isEmpty).toBe(false);
    expect(queue.take()).toBe(8);
    expect(queue.isEmpty).toBe(true);
    expect(queue.take()).toBeUndefined();
    queue.add(9, 0);
    expect(queue.take()).toBe(9);
  });

  it('keeps apart numbers of one rank', () => {
    const queue = new ReadyQueue(1, () => 2 ** 28 - 1);
    for (const number of [5, 3, 4, 2 ** 32 - 1]) queue.add(number, 0);
    expect(drain(queue)).toEqual([5, 3, 4, 2 ** 32 - 1]);
  });
});
