import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Files, memorySuite, resultsOf, specOf, VERIFIED } from '../test/memory-suite.ts';
import { isGenerated } from './file-role.ts';
import { readIndexFile } from './index-file.ts';
import { mayWrite, outdatedFindings, type Plan, plan, type Suite } from './plan.ts';
import type { RequirementRecord } from './requirement-index.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const SPEC = 'specs/10-object-model.md';
const INDEX = 'requirements/object-model.yaml';
const RESULTS = 'test-results/object-model.json';
const TEST_FILE = 'packages/object-model/src/name.test.ts';

function codes({ findings }: Plan): string[] {
  return findings.map(({ code, id, file }) => `${code} ${id ?? file}`);
}

/** Plans a suite whose texts are all reviewed as they stand. */
function judged(files: Files, today?: string): Plan {
  return plan(memorySuite(files, today), 'all');
}

/** Lists the ids and states that the index of each package is to hold. */
function indexed({ files }: Plan): [string, string[]][] {
  const indexes = files.filter(({ path }) => path.startsWith('requirements/')).map(readIndexFile);
  return indexes.map(({ packageName, rows }) => [packageName, rows.map(({ id, state }) => `${id} ${state}`)]);
}

function record(result: Plan, id = 'DML-OBJ-0001'): RequirementRecord | undefined {
  return result.records.find((entry) => entry.id === id);
}

/** The files after the generated ones were written. */
function written(files: Files, result: Plan): Files {
  return { ...files, ...Object.fromEntries(result.files.map(({ path, text }) => [path, text])) };
}

describe('a verified requirement', () => {
  const result = judged(VERIFIED);

  it('has an owner, a passing test and no finding [DML-TRC-0402]', () => {
    expect(result.findings).toEqual([]);
    expect(record(result)).toMatchObject({
      level: 'MUST',
      section: 'names',
      state: 'verified',
      owners: ['packages/object-model/src/name.ts#sorted'],
      tests: [{ file: TEST_FILE, title: 'sorts names', state: 'passed' }],
    });
  });

  it('is written to the index of its package and to the report [DML-TRC-0601]', () => {
    expect(result.files.map(({ path }) => path)).toEqual(['COMPLIANCE.md', INDEX]);
    const [compliance, index] = result.files;
    const { id, level, state, fingerprint, reviewed } = record(result)!;
    expect(readIndexFile(index!).rows).toEqual([{ id, level, state, fingerprint, reviewed }]);
    expect(compliance?.text).toContain('| [10-object-model](specs/10-object-model.md) | 1 | 1 |');
  });
});

describe('ids', () => {
  it('may be defined once, also across documents [DML-TRC-0103]', () => {
    const planned = '[DML-OBJ-0001] {planned} Names MUST be sorted.';
    expect(codes(judged({ [SPEC]: specOf(planned, planned) }))).toEqual(['id_reused DML-OBJ-0001']);
    const other = judged({ [SPEC]: specOf(planned), 'specs/20-store.md': specOf(planned) });
    expect(codes(other)).toContain('id_reused DML-OBJ-0001');
  });

  it('may not leave the specifications, however often the index is written [DML-TRC-0104]', () => {
    const first = judged(VERIFIED);
    let files = written(
      { ...VERIFIED, [SPEC]: specOf('[DML-OBJ-0002] {planned} Values MUST be sorted.') },
      first,
    );
    files = {
      ...files,
      'packages/object-model/src/name.ts': '',
      [TEST_FILE]: '',
      [RESULTS]: resultsOf(TEST_FILE, {}),
    };
    for (let round = 0; round < 2; round++) {
      const result = judged(files);
      expect(codes(result)).toEqual(['id_vanished DML-OBJ-0001']);
      expect(record(result)?.state).toBe('suspect');
      files = written(files, result);
    }
  });

  it('stay listed when retired and do not come back, however often the index is written [DML-TRC-0105]', () => {
    let files: Files = { [SPEC]: specOf('[DML-OBJ-0001] {retired} Names MUST be sorted.') };
    const retired = judged(files);
    expect([retired, judged(written(files, retired))].flatMap(codes)).toEqual([]);
    files = written({ [SPEC]: specOf('[DML-OBJ-0001] {planned} Values MUST be sorted.') }, retired);
    for (let round = 0; round < 2; round++) {
      const result = judged(files);
      expect(codes(result)).toEqual(['id_reused DML-OBJ-0001']);
      expect(record(result)?.state).toBe('retired');
      files = written(files, result);
    }
  });

  it('that no specification defines are red in code, tests, documents and vectors [DML-TRC-0307]', () => {
    const result = judged({
      ...VERIFIED,
      'packages/object-model/src/a.ts': 'export const rule = "DML-OBJ-0091";\n',
      'packages/object-model/src/a.test.ts': "it.skip('a [DML-OBJ-0092]', () => {});\n",
      'test-results/a.json': resultsOf('packages/object-model/src/a.test.ts', {
        'a [DML-OBJ-0092]': 'skipped',
      }),
      'docs/A.md': 'See `DML-OBJ-0093`.\n',
      'vectors/a/b.json': '{"requirement":"DML-OBJ-0094"}\n',
    });
    const unknown = result.findings.filter(({ code }) => code === 'unknown_id').map(({ id }) => id);
    expect(unknown.sort()).toEqual(['DML-OBJ-0091', 'DML-OBJ-0092', 'DML-OBJ-0093', 'DML-OBJ-0094']);
    expect(result.findings).toHaveLength(4);
  });
});

describe('documents of the suite', () => {
  it('are missed when there are none [DML-TRC-0921]', () => {
    expect(codes(judged({}))).toEqual(['document_empty specs']);
    expect(codes(judged({ 'docs/A.md': '# A\n' }))).toEqual(['document_empty specs']);
  });

  const moved: Files = {
    ...VERIFIED,
    [SPEC]: specOf('[DML-OBJ-0002] {planned} Values MUST be sorted.'),
    'specs/65-name-table.md': specOf('[DML-OBJ-0001] Names MUST be sorted.'),
  };

  it('are those with two digits and a name, any other is red [DML-TRC-0912]', () => {
    const misnamed = ['specs/extra.md', 'specs/5-a.md', 'specs/65-Name.md', 'specs/old/10-a.md'];
    const files = Object.fromEntries(misnamed.map((path) => [path, '# A\n']));
    expect(codes(judged({ ...moved, ...files }))).toEqual(
      misnamed.toSorted().map((path) => `document_misnamed ${path}`),
    );
  });

  it('take requirements from each other under their old ids [DML-TRC-0913] [DML-TRC-0601]', () => {
    const before = written(VERIFIED, judged(VERIFIED));
    const result = judged({ ...before, ...moved });
    expect(codes(result)).toEqual([]);
    expect(indexed(result)).toEqual([
      ['name-table', ['DML-OBJ-0001 verified']],
      ['object-model', ['DML-OBJ-0002 planned']],
    ]);
  });

  it('that are gone leave no index, unless an id left with them', () => {
    const before: Files = written(moved, judged(moved));
    const { 'specs/65-name-table.md': _, ...merged }: Files = { ...before, [SPEC]: VERIFIED[SPEC]! };
    const result = judged(merged);
    expect(indexed(result)).toEqual([['object-model', ['DML-OBJ-0001 verified', 'DML-OBJ-0002 suspect']]]);
    expect(codes(result)).toEqual(['id_vanished DML-OBJ-0002']);
    const { [SPEC]: __, ...orphaned } = before;
    expect(indexed(judged(orphaned)).map(([name]) => name)).toEqual(['name-table', 'object-model']);
  });
});

describe('the text of a requirement', () => {
  const unread = (files: Files): Plan => plan(memorySuite(files));
  const reviewed = written(VERIFIED, judged(VERIFIED));
  const withText = (item: string): Files => ({ ...reviewed, [SPEC]: specOf(`[DML-OBJ-0001] ${item}`) });

  it('is suspect until it is reviewed, however often the index is written [DML-TRC-0503]', () => {
    let files = withText('Names MUST be sorted bytewise.');
    for (let round = 0; round < 2; round++) {
      const result = unread(files);
      expect(codes(result)).toEqual(['text_suspect DML-OBJ-0001']);
      expect(record(result)).toMatchObject({
        state: 'suspect',
        reviewed: record(judged(VERIFIED))?.fingerprint,
      });
      files = written(files, result);
    }
    expect(codes(unread(written(files, judged(files))))).toEqual([]);
  });

  it('counts as reviewed only when it was, not when it is first recorded [DML-TRC-0914]', () => {
    expect(codes(unread(VERIFIED))).toEqual(['text_suspect DML-OBJ-0001']);
    const files = written(VERIFIED, unread(VERIFIED));
    expect(codes(unread(files))).toEqual(['text_suspect DML-OBJ-0001']);
    expect(record(unread(files))?.reviewed).toBeUndefined();
    expect(codes(unread(reviewed))).toEqual([]);
  });

  it.each([
    ['its row is deleted', (files: Files) => ({ ...files, [INDEX]: files[INDEX]!.replace(/^DML.*\n/m, '') })],
    ['its index is deleted', ({ [INDEX]: _, ...files }: Files) => files],
    ['it was planned in between', (files: Files) => written(files, unread({ ...files, ...PLANNED }))],
    ['it was retired in between', (files: Files) => written(files, unread({ ...files, ...RETIRED }))],
  ])('is suspect also when %s [DML-TRC-0914]', (_, disturb) => {
    const { state, reviewed } = record(
      unread({ ...disturb(withText('Names MUST be short.')), [SPEC]: CHANGED }),
    )!;
    expect([state === 'suspect' || state === 'retired', reviewed === FINGERPRINT]).toEqual([true, false]);
  });

  const CHANGED = specOf('[DML-OBJ-0001] Names MUST be short.');
  const FINGERPRINT = record(judged({ ...VERIFIED, [SPEC]: CHANGED }))?.fingerprint;
  const PLANNED = { [SPEC]: specOf('[DML-OBJ-0001] {planned} Names MUST be short.') };
  const RETIRED = { [SPEC]: specOf('[DML-OBJ-0001] {retired} Names MUST be short.') };
});

describe('levels', () => {
  const inForce = (item: string): Plan =>
    judged({ [SPEC]: specOf(item), [RESULTS]: resultsOf(TEST_FILE, {}) });

  it('that bind need an owner [DML-TRC-0303]', () => {
    const { 'packages/object-model/src/name.ts': _, ...ownerless } = VERIFIED;
    expect(codes(judged(ownerless))).toEqual(['owner_missing DML-OBJ-0001']);
    expect(codes(inForce('[DML-OBJ-0001] {implied: types} Names MUST be texts.'))).toEqual([
      'owner_missing DML-OBJ-0001',
    ]);
  });

  it('that bind need a passing test, norms too [DML-TRC-0410]', () => {
    for (const text of ['Names MUST NOT be long.', '{norm} Names are short.']) {
      expect(codes(inForce(`[DML-OBJ-0001] ${text}`)), text).toContain('test_missing DML-OBJ-0001');
    }
  });

  it('that do not bind are noted without owner or test, and red by nothing [DML-TRC-0415]', () => {
    for (const keyword of ['SHOULD', 'SHOULD NOT', 'MAY', 'RECOMMENDED']) {
      expect(inForce(`[DML-OBJ-0001] Names ${keyword} be short.`).findings, keyword).toEqual([
        { code: 'optional_unverified', id: 'DML-OBJ-0001', file: SPEC, detail: 'no owner, no citing test' },
      ]);
    }
    const verified = { ...VERIFIED, [SPEC]: specOf('[DML-OBJ-0001] Names SHOULD be sorted.') };
    expect(codes(judged(verified))).toEqual([]);
  });

  it('need neither owner nor test where they are measured [DML-TRC-0990]', () => {
    const result = inForce('[DML-OBJ-0001] {measured} A put SHOULD take a microsecond.');
    expect([result.findings, record(result)?.state]).toEqual([[], 'measured']);
  });

  it('do not matter to an implied requirement with an owner [DML-TRC-0505]', () => {
    const result = judged({
      [SPEC]: specOf('[DML-OBJ-0001] {implied: types} Names MUST be texts.'),
      'packages/object-model/src/name.ts': VERIFIED['packages/object-model/src/name.ts']!,
      [RESULTS]: resultsOf(TEST_FILE, {}),
    });
    expect([result.findings, record(result)?.state]).toEqual([[], 'implied']);
  });
});

describe('exceptions', () => {
  const files = {
    [SPEC]: specOf('[DML-OBJ-0001] {exception: no codec; until 2026-06-30} Names MUST be sorted.'),
  };

  it('hold through their last day and are red from the next [DML-TRC-0203]', () => {
    expect(codes(judged(files, '2026-06-30'))).toEqual([]);
    expect(codes(judged(files, '2026-07-01'))).toEqual(['exception_expired DML-OBJ-0001']);
  });

  it('change no generated file when they expire', () => {
    expect(judged(files, '2026-07-01').files).toEqual(judged(files, '2026-06-30').files);
  });
});

describe('results', () => {
  const { [RESULTS]: _, ...withoutResults } = VERIFIED;

  it('that are missing altogether are one finding, not one per requirement [DML-TRC-0411]', () => {
    const files = {
      ...withoutResults,
      [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.', '[DML-OBJ-0002] Values MUST be.'),
    };
    const result = judged(files);
    expect(codes(result)).toEqual(['owner_missing DML-OBJ-0002', 'results_missing test-results']);
  });

  it('are not asked for while everything is planned', () => {
    expect(codes(judged({ [SPEC]: specOf('[DML-OBJ-0001] {planned} Names MUST be sorted.') }))).toEqual([]);
  });

  /** A result file in which the one requirement passes, with the projects that were configured. */
  const naming = (...configured: string[]): string =>
    JSON.stringify({ configured, ...JSON.parse(VERIFIED[RESULTS] ?? '') });

  it('that are missing of some projects are a finding for each of these [DML-TRC-0421]', () => {
    const missing = (files: Files): string[] =>
      judged({ ...VERIFIED, ...files }).findings.map(({ code, file, detail }) =>
        [code, file, detail].join(' '),
      );
    const of = (project: string): string =>
      `results_missing test-results/${project}.json no result of the project ${project}`;
    expect(missing({ [RESULTS]: naming('object-model') })).toEqual([]);
    expect(missing({ [RESULTS]: naming('store', 'object-model', 'cli') })).toEqual([of('cli'), of('store')]);
    // Each file may know of others, and that of any runner counts.
    const other = { 'test-results/cli.json': '{"testResults":[],"configured":["cli","bench"]}' };
    expect(missing({ [RESULTS]: naming('store', 'cli'), ...other })).toEqual([of('bench'), of('store')]);
    const more = Object.fromEntries(
      ['store', 'bench'].map((name) => [`test-results/${name}.json`, '{"testResults":[]}']),
    );
    expect(missing({ [RESULTS]: naming('store', 'cli'), ...other, ...more })).toEqual([]);
  });

  it('that are missing of a project are not told again for each requirement [DML-TRC-0422]', () => {
    const files = {
      ...VERIFIED,
      [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.', '[DML-OBJ-0002] Values MUST be.'),
      'packages/object-model/src/value.ts': '// @spec DML-OBJ-0002\nexport const value = 1;\n',
    };
    expect(codes(judged(files))).toEqual(['test_missing DML-OBJ-0002']);
    const partial = { ...files, [RESULTS]: naming('object-model', 'store') };
    expect(codes(judged(partial))).toEqual(['results_missing test-results/store.json']);
  });

  it('that are missing or unreadable, like an unreadable index, forbid to write [DML-TRC-0609]', () => {
    expect(mayWrite(judged({ ...VERIFIED, [RESULTS]: naming('object-model') }).findings)).toBe(true);
    expect(mayWrite(judged({ ...VERIFIED, [RESULTS]: naming('store') }).findings)).toBe(false);
    expect(mayWrite(judged(VERIFIED).findings)).toBe(true);
    expect(mayWrite(judged(withoutResults).findings)).toBe(false);
    expect(mayWrite(judged({ ...VERIFIED, 'test-results/b.json': '<' }).findings)).toBe(false);
    expect(mayWrite(judged({ ...VERIFIED, [INDEX]: 'requirements: 1' }).findings)).toBe(false);
  });
});

it('an index that is not one is red [DML-TRC-0608]', () => {
  for (const text of ['[', 'requirements: 1', 'package: a\ndocument: b\nrequirements:\n  a: {}\n'])
    expect(codes(judged({ ...VERIFIED, [INDEX]: text })), text).toEqual([`index_unreadable ${INDEX}`]);
});

describe('documents', () => {
  it('keep ids and links in fenced code to themselves [DML-TRC-0705]', () => {
    const text =
      '# A\n\n```markdown\n- [DML-OBJ-0099] Names MUST be [sorted](gone.md).\n```\n\n    DML-OBJ-0098 [a](gone.md)\n';
    expect(codes(judged({ ...VERIFIED, 'docs/A.md': text }))).toEqual([]);
  });

  it('may link to the generated files before they are written', () => {
    const text = '[a](../COMPLIANCE.md#summary) [b](../requirements/object-model.yaml)\n';
    expect(codes(judged({ ...VERIFIED, 'docs/A.md': text }))).toEqual([]);
  });

  it('may not link to test results, which a fresh clone does not have [DML-TRC-0701]', () => {
    const text = `[a](../${RESULTS})\n`;
    expect(codes(judged({ ...VERIFIED, 'docs/A.md': text }))).toEqual(['link_broken docs/A.md']);
  });
});

describe('the generated files', () => {
  const lists = ['documents', 'sources', 'tests', 'vectors', 'results', 'index', 'paths'] as const;

  /** Orders of a list, each as likely as any other. */
  function ordersOf<T>(list: readonly T[]): fc.Arbitrary<readonly T[]> {
    return fc.shuffledSubarray([...list], { minLength: list.length });
  }

  /** A suite with the same suite in another order. */
  function withOrders(suite: Suite): fc.Arbitrary<readonly [Suite, Suite]> {
    const orders = Object.fromEntries(lists.map((name) => [name, ordersOf<unknown>(suite[name])]));
    return fc.record(orders).map((ordered) => [suite, { ...suite, ...ordered }]);
  }

  /** Suites of random requirements, owners and results, also contradictory ones. */
  const suites = fc
    .array(
      fc.record({
        area: fc.constantFrom('OBJ', 'STO'),
        number: fc.integer({ min: 1, max: 6 }),
        text: fc.constantFrom(
          'Names MUST be sorted.',
          '{planned} Values SHOULD be.',
          '{retired} Old.',
          '{norm} New.',
          'Names are.',
        ),
        owners: fc.integer({ min: 0, max: 2 }),
        status: fc.constantFrom('passed', 'failed', 'skipped', undefined),
        again: fc.constantFrom('passed', 'failed', undefined),
        isComputed: fc.boolean(),
        isMisplaced: fc.nat(4).map((drawn) => drawn === 0),
      }),
      { maxLength: 8 },
    )
    .map((entries) => {
      const files: Record<string, string> = {};
      for (const [index, entry] of entries.entries()) {
        const { area, number, text, owners, status, again, isComputed, isMisplaced } = entry;
        const id = `DML-${area}-000${number}`;
        const document = (area === 'OBJ') !== isMisplaced ? SPEC : 'specs/20-store.md';
        files[document] = `${files[document] ?? '# A\n\n'}- [${id}] ${text}\n`;
        for (let n = 0; n < owners; n++)
          files[`packages/a/src/f${index}-${n}.ts`] = `// @spec ${id}\nexport const a = 1;\n`;
        if (status === undefined) continue;
        const declared = isComputed
          ? `it.each(vectors)('$name', () => {});`
          : `it('t${index} [${id}]', () => {});`;
        files[`packages/a/src/t${index}.test.ts`] = `${declared}\n`;
        if (isComputed) files[`vectors/v${index}.json`] = `{"name":"t${index} [${id}]"}\n`;
        for (const [run, outcome] of Object.entries({ r: status, s: again })) {
          if (outcome === undefined) continue;
          const leaves = { [`t${index} [${id}]`]: outcome };
          files[`test-results/${run}${index}.json`] = resultsOf(`packages/a/src/t${index}.test.ts`, leaves);
        }
      }
      return files;
    });

  it('are the same bytes when they are generated twice [DML-TRC-0602]', () => {
    fc.assert(
      fc.property(suites, (files) => {
        const first = judged(files);
        const again = written(files, first);
        const second = judged(again);
        expect(second.files).toEqual(first.files);
        const onDisk = Object.entries(again).filter(([path]) => isGenerated(path));
        expect(outdatedFindings(second.files, new Map(onDisk))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('do not depend on the order of the inputs [DML-TRC-0603]', () => {
    const moved = new Map<string, number>();
    fc.assert(
      fc.property(
        suites.map((files) => memorySuite(written(files, judged(files)))).chain(withOrders),
        ([suite, shuffled]) => {
          for (const name of lists)
            if (suite[name].some((item, at) => item !== shuffled[name][at]))
              moved.set(name, (moved.get(name) ?? 0) + 1);
          expect(plan(shuffled).files).toEqual(plan(suite).files);
        },
      ),
      { numRuns: 200 },
    );
    for (const name of lists) expect(moved.get(name), name).toBeGreaterThan(20);
  });

  it('hold line feeds only, whatever the inputs hold [DML-TRC-0604]', () => {
    const files = Object.fromEntries(
      Object.entries(VERIFIED).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]),
    );
    const results = resultsOf(TEST_FILE, { 'sorts\r\nnames [DML-OBJ-0001]': 'passed' });
    const result = judged({ ...files, [RESULTS]: results });
    expect(record(result)?.state).toBe('verified');
    expect(result.files.filter(({ text }) => text.includes('\r'))).toEqual([]);
    expect(result.files.filter(({ text }) => !text.endsWith('\n'))).toEqual([]);
  });
});
