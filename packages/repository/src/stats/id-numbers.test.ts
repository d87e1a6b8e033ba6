import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { IdNumbers } from './id-numbers.ts';

const idOf = (index: number): string => createHash('sha256').update(String(index)).digest('hex');

it('keeps the newest number of each of many ids', () => {
  const table = new IdNumbers();
  for (let index = 0; index < 5_000; index += 1) table.set(idOf(index), index);
  for (let index = 0; index < 5_000; index += 2) table.set(idOf(index), -index);
  expect(table.size).toBe(5_000);
  for (let index = 0; index < 5_000; index += 1)
    expect(table.get(idOf(index))).toBe(index % 2 === 0 ? -index : index);
  expect(table.get(idOf(5_000))).toBeUndefined();
});

it('visits the entries of two tables together', () => {
  const [left, right] = [new IdNumbers(), new IdNumbers()];
  for (let index = 0; index < 2_000; index += 1) {
    left.set(idOf(index), index);
    right.set(idOf(1_999 - index), (1_999 - index) * 10);
  }
  let sum = 0;
  left.forEachWith(right, (value, other) => {
    expect(other).toBe(10 * value);
    sum += value;
  });
  expect(sum).toBe(1_999_000);
});
