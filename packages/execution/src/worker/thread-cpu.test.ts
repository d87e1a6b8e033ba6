import { expect, it } from 'vitest';
import { threadCpuClock, usedSince } from './thread-cpu.ts';

it('knows the use of a call of 100 ms and of none that is shorter [DML-EXE-3606]', () => {
  const clock = (): number => 57.6;
  expect(usedSince(7, 100, clock)).toBe(51);
  expect(usedSince(7, 99.9, clock)).toBeUndefined();
  expect(usedSince(undefined, 100, clock)).toBeUndefined();
  expect(usedSince(7, 100, () => undefined)).toBeUndefined();
});

it('counts on as the thread works', () => {
  const clock = threadCpuClock();
  const before = clock() as number;
  let sum = 0;
  while ((clock() as number) <= before) sum += Math.sqrt(sum);
  expect(clock()).toBeGreaterThan(before);
});
