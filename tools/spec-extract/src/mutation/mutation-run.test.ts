import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planned, resultsOf, TEST, VERIFIED, written } from '../../test/memory-suite.ts';
import { snapshot, temporaryRepository } from '../../test/temporary-repository.ts';
import { type CitingOutcome, outcomeOf } from './citing-run.ts';
import { type MutationRow, tryRequirement } from './mutation-run.ts';
import { sampleIds } from './sample.ts';

const ID = 'DML-OBJ-0001';
const FILE = 'packages/object-model/src/name.ts';
const BUILT = 'packages/object-model/dist/name.js';
const LIMIT = `// @spec ${ID}\nexport const limit = 255;\n`;

/** Tries the one requirement with a runner that answers by what it finds in the copy. */
async function tried(
  source: string,
  answer: (source: string, built: string) => CitingOutcome,
  seed = 1,
): Promise<{ row: MutationRow; asked: unknown[]; left: Record<string, string> }> {
  const [record] = planned(written({ ...VERIFIED, [FILE]: source })).records;
  const folder = temporaryRepository({ [FILE]: source, [BUILT]: 'export const limit = 255;\n' });
  const asked: unknown[] = [];
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const row = await tryRequirement(
    {
      folder,
      seed,
      runTests: async (...request) => {
        asked.push(request.slice(1));
        return answer(read(FILE), read(BUILT));
      },
    },
    record!,
  );
  return { row, asked, left: snapshot(folder) };
}

describe('a requirement that is tried', () => {
  it.each([
    ['failed', 'killed'],
    ['timed_out', 'killed'],
    ['not_loaded', 'not_loaded'],
    ['passed', 'survived'],
  ] as const)('takes tests that %s as %s [DML-TRC-0904] [DML-TRC-0911]', async (tests, outcome) => {
    const { row, asked, left } = await tried(LIMIT, (source) => (source === LIMIT ? 'passed' : tests));
    const broken = { operator: 'change-constant', original: '255' };
    expect(row).toEqual({ id: ID, owner: `${FILE}:1`, outcome, ...broken });
    expect(asked).toEqual([
      [[TEST], ID],
      [[TEST], ID],
    ]);
    expect(left[FILE]).toBe(LIMIT);
  });

  it('is not mutable where nothing can be broken [DML-TRC-0907]', async () => {
    const { row } = await tried(`// @spec ${ID}\nexport type Name = string;\n`, () => 'passed');
    expect(row.outcome).toBe('not_mutable');
  });

  it.each(['failed', 'not_loaded', 'timed_out'] as const)(
    'has no baseline where its tests %s unbroken [DML-TRC-0905]',
    async (outcome) => {
      const { row, asked } = await tried(LIMIT, () => outcome);
      expect([row.outcome, asked.length]).toEqual(['no_baseline', 1]);
    },
  );

  it('has one clause broken, which seed and id choose [DML-TRC-0918]', async () => {
    const clauses = Array.from({ length: 10 }, (_, at) => at + 100);
    const source = `// @spec ${ID}\nexport const limits = [${clauses.join(', ')}];\n`;
    const chosen = async (seed: number) => (await tried(source, () => 'passed', seed)).row.original;
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const first = await Promise.all(seeds.map(chosen));
    expect(await Promise.all(seeds.map(chosen))).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(3);
  });

  it('has what was built of it broken as well, and mended also when the run throws [DML-TRC-0908]', async () => {
    const seen: (string | undefined)[] = [];
    const { left } = await tried(LIMIT, (_, built) => {
      seen.push(/limit = (\d+)/.exec(built)?.[1]);
      return 'passed';
    });
    expect(seen).toEqual(['255', '256']);
    expect(left[BUILT]).toBe('export const limit = 255;\n');
    const throwing = tried(LIMIT, (source) => {
      if (source === LIMIT) return 'passed';
      throw new Error('runner');
    });
    await expect(throwing).rejects.toThrow('runner');
  });
});

describe('the outcome of citing tests', () => {
  const of = (leaves: Record<string, string>, isClean: boolean) =>
    outcomeOf(ID, resultsOf('a.test.ts', leaves), isClean);

  it('is that of the tests that cite the id and of no other [DML-TRC-0903]', () => {
    expect(of({ [`a [${ID}]`]: 'passed', 'b [DML-OBJ-0002]': 'failed' }, true)).toBe('passed');
    expect(of({ [`a [${ID}]`]: 'failed', [`b [${ID}]`]: 'passed' }, false)).toBe('failed');
    expect(of({ [`${ID} a`]: 'failed', [`b [${ID}]`]: 'passed' }, true)).toBe('passed');
  });

  it('is not loaded without an answer, without a citing test and after an unclean end [DML-TRC-0911]', () => {
    expect(outcomeOf(ID, undefined, false)).toBe('not_loaded');
    expect(of({ [`a [${ID}]`]: 'pending' }, true)).toBe('not_loaded');
    expect(of({ [`a [${ID}]`]: 'passed' }, false)).toBe('not_loaded');
  });
});

it('a sample is chosen by the seed, not by the order of the ids [DML-TRC-0902]', () => {
  const ids = Array.from({ length: 50 }, (_, index) => `DML-OBJ-${String(index).padStart(4, '0')}`);
  const small = sampleIds(ids, 10, 7);
  expect(small).toHaveLength(10);
  expect(sampleIds(ids.toReversed(), 10, 7)).toEqual(small);
  expect(sampleIds(ids, 20, 7)).toEqual(expect.arrayContaining(small));
  expect(sampleIds(ids, 99, 7)).toEqual(ids);
  expect(sampleIds(ids, 10, 8)).not.toEqual(small);
});
