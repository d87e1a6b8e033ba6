import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { snapshot, temporaryRepository } from '../../test/temporary-repository.ts';
import type { RequirementRecord } from '../requirement-index.ts';
import { type CitingOutcome, type CitingRequest, outcomeOf } from './citing-run.ts';
import { type MutationRow, runMutation } from './mutation-run.ts';

const FILE = 'packages/object-model/src/name.ts';
const SOURCE = `// @spec DML-OBJ-0001
export const limit = 255;
// @spec DML-OBJ-0002
export type Name = string;
`;

function record(id: string, ...tests: string[]): RequirementRecord {
  const citing = tests.map((file) => ({ file, title: 't', state: 'passed' as const }));
  return {
    id,
    level: 'MUST',
    packageName: 'object-model',
    document: 'specs/10-object-model.md',
    section: '',
    fingerprint: 'a',
    reviewed: 'a',
    state: 'verified',
    owners: [`${FILE}#x`],
    tests: citing,
  };
}

const LIMIT = record('DML-OBJ-0001', 'b.test.ts', 'a.test.ts', 'b.test.ts');
const TYPE = record('DML-OBJ-0002', 'c.test.ts');

/** Runs against a fake runner that answers by what it finds in the copy. */
async function mutateWith(
  sample: readonly RequirementRecord[],
  answer: (source: string, id: string, folder: string) => CitingOutcome,
  { seed = 1, files = { [FILE]: SOURCE } }: { seed?: number; files?: Readonly<Record<string, string>> } = {},
): Promise<{ rows: MutationRow[]; requests: CitingRequest[]; folder: string }> {
  const folder = temporaryRepository(files);
  const requests: CitingRequest[] = [];
  const rows = await runMutation({
    folder,
    sample,
    seed,
    timeoutMs: 1000,
    signal: new AbortController().signal,
    onMutant: () => undefined,
    runTests: async (request) => {
      requests.push(request);
      const source = readFileSync(join(folder, FILE), 'utf8');
      return new Map(request.ids.map((id) => [id, answer(source, id, folder)]));
    },
  });
  return { rows, requests, folder };
}

const unbroken = (source: string): boolean => source === SOURCE;

describe('runMutation', () => {
  it.each([
    ['failed', 'killed'],
    ['timed_out', 'killed'],
    ['not_loaded', 'not_loaded'],
    ['passed', 'survived'],
  ] as const)('takes tests that %s as %s [DML-TRC-0904] [DML-TRC-0911]', async (tests, outcome) => {
    const { rows } = await mutateWith([LIMIT], (source) => (unbroken(source) ? 'passed' : tests));
    const owner = `${FILE}#x`;
    expect(rows).toEqual([
      { id: 'DML-OBJ-0001', owner, outcome, operator: 'change-constant', original: '255', tests },
    ]);
  });

  it('reports what cannot be broken [DML-TRC-0907]', async () => {
    const { rows } = await mutateWith([TYPE], () => 'passed');
    expect(rows).toEqual([{ id: 'DML-OBJ-0002', owner: `${FILE}#x`, outcome: 'not_mutable' }]);
  });

  it('reports a requirement whose tests do not pass unbroken, and tries the others [DML-TRC-0905]', async () => {
    const { rows } = await mutateWith([LIMIT, TYPE], (_, id) =>
      id === 'DML-OBJ-0001' ? 'failed' : 'passed',
    );
    expect(rows.map(({ outcome }) => outcome)).toEqual(['no_baseline', 'not_mutable']);
  });

  it('asks only for the files and the id that cite, unbroken and then broken [DML-TRC-0903] [DML-TRC-0905]', async () => {
    const { requests } = await mutateWith([LIMIT, TYPE], () => 'passed');
    const limit = { files: ['a.test.ts', 'b.test.ts'], ids: ['DML-OBJ-0001'] };
    const type = { files: ['c.test.ts'], ids: ['DML-OBJ-0002'] };
    expect(requests.map(({ files, ids }) => ({ files, ids }))).toEqual([limit, limit, type]);
  });

  it('breaks one clause, which seed and id choose [DML-TRC-0918]', async () => {
    const clauses = Array.from({ length: 10 }, (_, at) => at + 100);
    const source = `// @spec DML-OBJ-0001\nexport const limits = [${clauses.join(', ')}];\n`;
    const chosen = async (seed: number): Promise<string | undefined> => {
      const { rows } = await mutateWith([LIMIT], () => 'passed', { seed, files: { [FILE]: source } });
      return rows[0]?.original;
    };
    const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
    const first = await Promise.all(seeds.map(chosen));
    expect(await Promise.all(seeds.map(chosen))).toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(3);
  });

  it('puts the statement back after each mutant, also when the run throws', async () => {
    const { folder } = await mutateWith([LIMIT], () => 'passed');
    expect(snapshot(folder)).toEqual({ [FILE]: SOURCE });
    const throwing = mutateWith([LIMIT], (source) => {
      if (unbroken(source)) return 'passed';
      throw new Error('runner');
    });
    await expect(throwing).rejects.toThrow('runner');
  });
});

describe('outcomeOf', () => {
  const report = (...leaves: [string, string][]): string =>
    JSON.stringify({
      testResults: [
        {
          name: 'a.test.ts',
          assertionResults: leaves.map(([title, status]) => ({ ancestorTitles: [], title, status })),
        },
      ],
    });
  const ID = 'DML-OBJ-0001';

  it('looks at the tests that cite the id and at no other [DML-TRC-0903]', () => {
    expect(outcomeOf(ID, report([`a [${ID}]`, 'passed'], ['b [DML-OBJ-0002]', 'failed']), true)).toBe(
      'passed',
    );
    expect(outcomeOf(ID, report([`a [${ID}]`, 'failed'], [`b [${ID}]`, 'passed']), false)).toBe('failed');
    expect(outcomeOf(ID, report([`${ID} a`, 'failed'], [`b [${ID}]`, 'passed']), true)).toBe('passed');
  });

  it('takes no answer, no citing test and an unclean end as not loaded [DML-TRC-0911]', () => {
    expect(outcomeOf(ID, undefined, false)).toBe('not_loaded');
    expect(outcomeOf(ID, report([`a [${ID}]`, 'pending']), true)).toBe('not_loaded');
    expect(outcomeOf(ID, report([`a [${ID}]`, 'passed']), false)).toBe('not_loaded');
  });

  it('breaks what was built of the owner as well, and mends it [DML-TRC-0908]', async () => {
    const built = 'packages/object-model/dist/name.js';
    const seen: string[] = [];
    const look = (_source: string, _id: string, folder: string): CitingOutcome => {
      seen.push(/limit = (\d+)/.exec(readFileSync(join(folder, built), 'utf8'))?.[1] ?? '');
      return 'passed';
    };
    const files = { [FILE]: SOURCE, [built]: 'export const limit = 255;\n' };
    const { folder } = await mutateWith([LIMIT], look, { files });
    expect(seen).toEqual(['255', '256']);
    expect(readFileSync(join(folder, built), 'utf8')).toBe('export const limit = 255;\n');
  });
});
