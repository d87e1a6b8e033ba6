import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chosenIds, sampleIds } from './sample.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const ids = Array.from({ length: 50 }, (_, index) => `DML-OBJ-${String(index).padStart(4, '0')}`);

it('the seed decides, not the order of the ids [DML-TRC-0902]', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.nat(),
      fc.shuffledSubarray(ids, { minLength: ids.length }),
      (size, seed, shuffled) => {
        expect(sampleIds(shuffled, size, seed)).toEqual(sampleIds(ids, size, seed));
      },
    ),
  );
  expect(sampleIds(ids, 10, 1)).not.toEqual(sampleIds(ids, 10, 2));
});

it('a larger sample contains the smaller one, each id once and in order', () => {
  const small = sampleIds(ids, 10, 7);
  const large = sampleIds(ids, 20, 7);
  expect(small.filter((id) => !large.includes(id))).toEqual([]);
  expect([...new Set(large)].sort()).toEqual(large);
  expect(sampleIds(ids, 99, 7)).toEqual(ids);
});

it('ids that are named are the choice, each once [DML-TRC-0909]', () => {
  expect(chosenIds(ids, { ids: ['DML-OBJ-0007', 'DML-OBJ-0003', 'DML-OBJ-0007'], seed: 1 })).toEqual([
    'DML-OBJ-0003',
    'DML-OBJ-0007',
  ]);
});

it('with a first id nothing before it is chosen, and all from there on can be [DML-TRC-0910]', () => {
  expect(chosenIds(ids, { from: 'DML-OBJ-0045', sampleSize: 99, seed: 1 })).toEqual(ids.slice(45));
  expect(chosenIds(ids, { from: 'DML-OBJ-0045', sampleSize: 3, seed: 1 })).toHaveLength(3);
  expect(chosenIds(ids, { sampleSize: 99, seed: 1 })).toEqual(ids);
});
