import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memorySuite, resultsOf, specOf, VERIFIED } from '../test/memory-suite.ts';
import { readIndexFile } from './index-file.ts';
import { isGenerated, mayWrite, outdatedFindings, type Plan, plan, type Suite } from './plan.ts';
import type { IndexedRequirement } from './requirement-index.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const SPEC = 'specs/10-object-model.md';
const INDEX = 'requirements/object-model.yaml';
const RESULTS = 'test-results/object-model.json';
const TEST_FILE = 'packages/object-model/src/name.test.ts';

type Files = Readonly<Record<string, string>>;

function codes({ findings }: Plan): string[] {
  return findings.map(({ code, id, file }) => `${code} ${id ?? file}`);
}

function record(result: Plan, id = 'DML-OBJ-0001'): IndexedRequirement | undefined {
  return result.indexes.flatMap(({ requirements }) => requirements).find((entry) => entry.id === id);
}

/** The files after the generated ones were written. */
function written(files: Files, result: Plan): Files {
  return { ...files, ...Object.fromEntries(result.files.map(({ path, text }) => [path, text])) };
}

describe('a verified requirement', () => {
  const result = plan(memorySuite(VERIFIED));

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
    expect(readIndexFile(index!)).toEqual(result.indexes[0]);
    expect(compliance?.text).toContain(
      '| [DML-OBJ-0001](specs/10-object-model.md#names) | MUST | verified |',
    );
  });

  it('is open as soon as its test fails, is skipped or is not run [DML-TRC-0402] [DML-TRC-0410]', () => {
    for (const status of ['failed', 'skipped', 'todo']) {
      const results = resultsOf(TEST_FILE, { 'sorts names [DML-OBJ-0001]': status });
      const broken = plan(memorySuite({ ...VERIFIED, [RESULTS]: results }));
      expect(record(broken)?.state, status).toBe('open');
      expect(codes(broken), status).toEqual(['test_missing DML-OBJ-0001']);
    }
    const notRun = plan(memorySuite({ ...VERIFIED, [RESULTS]: resultsOf(TEST_FILE, {}) }));
    expect(record(notRun)).toMatchObject({ state: 'open', tests: [{ state: 'not_run' }] });
  });
});

describe('ids', () => {
  it('may be defined once, also across documents [DML-TRC-0103]', () => {
    const planned = '[DML-OBJ-0001] {planned} Names MUST be sorted.';
    expect(codes(plan(memorySuite({ [SPEC]: specOf(planned, planned) })))).toEqual([
      'id_reused DML-OBJ-0001',
    ]);
    const other = plan(memorySuite({ [SPEC]: specOf(planned), 'specs/20-store.md': specOf(planned) }));
    expect(codes(other)).toContain('id_reused DML-OBJ-0001');
  });

  it('may not leave the specifications, however often the index is written [DML-TRC-0104]', () => {
    const first = plan(memorySuite(VERIFIED));
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
      const result = plan(memorySuite(files));
      expect(codes(result)).toEqual(['id_vanished DML-OBJ-0001']);
      expect(record(result)?.state).toBe('suspect');
      files = written(files, result);
    }
  });

  it('stay listed when retired and do not come back, however often the index is written [DML-TRC-0105]', () => {
    let files: Files = { [SPEC]: specOf('[DML-OBJ-0001] {retired} Names MUST be sorted.') };
    const retired = plan(memorySuite(files));
    expect(retired.findings).toEqual([]);
    files = written({ [SPEC]: specOf('[DML-OBJ-0001] {planned} Values MUST be sorted.') }, retired);
    for (let round = 0; round < 2; round++) {
      const result = plan(memorySuite(files));
      expect(codes(result)).toEqual(['id_reused DML-OBJ-0001']);
      expect(record(result)?.state).toBe('retired');
      files = written(files, result);
    }
  });

  it('that no specification defines are red in code, tests, documents and vectors [DML-TRC-0307]', () => {
    const result = plan(
      memorySuite({
        ...VERIFIED,
        'packages/object-model/src/a.ts': 'export const rule = "DML-OBJ-0091";\n',
        'packages/object-model/src/a.test.ts': "it.skip('a [DML-OBJ-0092]', () => {});\n",
        'docs/A.md': 'See `DML-OBJ-0093`.\n',
        'vectors/a/b.json': '{"requirement":"DML-OBJ-0094"}\n',
      }),
    );
    const unknown = result.findings.filter(({ code }) => code === 'unknown_id').map(({ id }) => id);
    expect(unknown.sort()).toEqual(['DML-OBJ-0091', 'DML-OBJ-0092', 'DML-OBJ-0093', 'DML-OBJ-0094']);
    expect(result.findings).toHaveLength(4);
  });
});

describe('documents of the suite', () => {
  const moved: Files = {
    ...VERIFIED,
    [SPEC]: specOf('[DML-OBJ-0002] {planned} Values MUST be sorted.'),
    'specs/65-name-table.md': specOf('[DML-OBJ-0001] Names MUST be sorted.'),
  };

  it('are those with two digits and a name, any other is red [DML-TRC-0912]', () => {
    const misnamed = ['specs/extra.md', 'specs/5-a.md', 'specs/65-Name.md', 'specs/old/10-a.md'];
    const files = Object.fromEntries(misnamed.map((path) => [path, '# A\n']));
    expect(codes(plan(memorySuite({ ...moved, ...files })))).toEqual(
      misnamed.toSorted().map((path) => `document_misnamed ${path}`),
    );
  });

  it('take requirements from each other under their old ids [DML-TRC-0913] [DML-TRC-0601]', () => {
    const before = written(VERIFIED, plan(memorySuite(VERIFIED)));
    const result = plan(memorySuite({ ...before, ...moved }));
    expect(codes(result)).toEqual([]);
    expect(
      result.indexes.map(({ packageName, document, requirements }) => [
        packageName,
        document,
        requirements.map(({ id, state }) => `${id} ${state}`),
      ]),
    ).toEqual([
      ['object-model', SPEC, ['DML-OBJ-0002 planned']],
      ['name-table', 'specs/65-name-table.md', ['DML-OBJ-0001 verified']],
    ]);
  });

  it('that are gone leave no index, unless an id left with them', () => {
    const before: Files = written(moved, plan(memorySuite(moved)));
    const { 'specs/65-name-table.md': _, ...merged }: Files = { ...before, [SPEC]: VERIFIED[SPEC]! };
    const result = plan(memorySuite(merged));
    expect(result.indexes.map(({ packageName }) => packageName)).toEqual(['object-model']);
    expect(codes(result)).toEqual(['id_vanished DML-OBJ-0002']);
    const { [SPEC]: __, ...orphaned } = before;
    expect(plan(memorySuite(orphaned)).indexes.map(({ packageName }) => packageName)).toEqual([
      'object-model',
      'name-table',
    ]);
  });
});

describe('changed text', () => {
  const first = plan(memorySuite(VERIFIED));
  const changed = written(
    { ...VERIFIED, [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted bytewise.') },
    first,
  );

  it('is suspect until it is reviewed, however often the index is written [DML-TRC-0503]', () => {
    let files = changed;
    for (let round = 0; round < 2; round++) {
      const result = plan(memorySuite(files));
      expect(codes(result)).toEqual(['text_suspect DML-OBJ-0001']);
      expect(record(result)).toMatchObject({ state: 'suspect', reviewed: record(first)?.fingerprint });
      files = written(files, result);
    }
  });

  it('counts as reviewed when it is first recorded [DML-TRC-0502]', () => {
    expect(record(first)?.reviewed).toBe(record(first)?.fingerprint);
  });
});

describe('levels', () => {
  const inForce = (item: string): Plan =>
    plan(memorySuite({ [SPEC]: specOf(item), [RESULTS]: resultsOf(TEST_FILE, {}) }));

  it('that bind need an owner [DML-TRC-0303]', () => {
    const { 'packages/object-model/src/name.ts': _, ...ownerless } = VERIFIED;
    expect(codes(plan(memorySuite(ownerless)))).toEqual(['owner_missing DML-OBJ-0001']);
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
    expect(codes(plan(memorySuite(verified)))).toEqual([]);
  });

  it('do not matter to an implied requirement with an owner [DML-TRC-0505]', () => {
    const result = plan(
      memorySuite({
        [SPEC]: specOf('[DML-OBJ-0001] {implied: types} Names MUST be texts.'),
        'packages/object-model/src/name.ts': VERIFIED['packages/object-model/src/name.ts']!,
        [RESULTS]: resultsOf(TEST_FILE, {}),
      }),
    );
    expect([result.findings, record(result)?.state, record(result)?.impliedBy]).toEqual([
      [],
      'implied',
      'types',
    ]);
  });
});

describe('exceptions', () => {
  const files = {
    [SPEC]: specOf('[DML-OBJ-0001] {exception: no codec; until 2026-06-30} Names MUST be sorted.'),
  };

  it('hold through their last day and are red from the next [DML-TRC-0203]', () => {
    expect(codes(plan(memorySuite(files, '2026-06-30')))).toEqual([]);
    expect(codes(plan(memorySuite(files, '2026-07-01')))).toEqual(['exception_expired DML-OBJ-0001']);
  });

  it('change no generated file when they expire', () => {
    expect(plan(memorySuite(files, '2026-07-01')).files).toEqual(
      plan(memorySuite(files, '2026-06-30')).files,
    );
  });
});

describe('results', () => {
  const { [RESULTS]: _, ...withoutResults } = VERIFIED;

  it('that are missing altogether are one finding, not one per requirement [DML-TRC-0411]', () => {
    const files = {
      ...withoutResults,
      [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.', '[DML-OBJ-0002] Values MUST be.'),
    };
    const result = plan(memorySuite(files));
    expect(codes(result)).toEqual(['owner_missing DML-OBJ-0002', 'results_missing test-results']);
  });

  it('are not asked for while everything is planned', () => {
    expect(
      codes(plan(memorySuite({ [SPEC]: specOf('[DML-OBJ-0001] {planned} Names MUST be sorted.') }))),
    ).toEqual([]);
  });

  /** A result file in which the one requirement passes, with the projects that were configured. */
  const naming = (...configured: string[]): string =>
    JSON.stringify({ configured, ...JSON.parse(VERIFIED[RESULTS] ?? '') });

  it('that are missing of some projects are a finding for each of these [DML-TRC-0421]', () => {
    const missing = (files: Files): string[] =>
      plan(memorySuite({ ...VERIFIED, ...files })).findings.map(({ code, file, detail }) =>
        [code, file, detail].join(' '),
      );
    const of = (project: string): string =>
      `results_missing test-results/${project}.json no result of the project ${project}`;
    expect(missing({ [RESULTS]: naming('object-model') })).toEqual([]);
    expect(missing({ [RESULTS]: naming('store', 'object-model', 'cli') })).toEqual([of('cli'), of('store')]);
    // Each file may know of others, and that of any runner counts.
    const other = { 'test-results/cli.json': '{"testResults":[],"configured":["cli","bench"]}' };
    expect(missing({ [RESULTS]: naming('store', 'cli'), ...other })).toEqual([of('bench'), of('store')]);
    const xml = { 'test-results/store.xml': '<testsuites/>', 'test-results/bench.xml': '<testsuites/>' };
    expect(missing({ [RESULTS]: naming('store', 'cli'), ...other, ...xml })).toEqual([]);
  });

  it('that are missing of a project are not told again for each requirement [DML-TRC-0422]', () => {
    const files = {
      ...VERIFIED,
      [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.', '[DML-OBJ-0002] Values MUST be.'),
      'packages/object-model/src/value.ts': '// @spec DML-OBJ-0002\nexport const value = 1;\n',
    };
    expect(codes(plan(memorySuite(files)))).toEqual(['test_missing DML-OBJ-0002']);
    const partial = { ...files, [RESULTS]: naming('object-model', 'store') };
    expect(codes(plan(memorySuite(partial)))).toEqual(['results_missing test-results/store.json']);
  });

  it('that are missing or unreadable, like an unreadable index, forbid to write [DML-TRC-0609]', () => {
    expect(mayWrite(plan(memorySuite({ ...VERIFIED, [RESULTS]: naming('object-model') })).findings)).toBe(
      true,
    );
    expect(mayWrite(plan(memorySuite({ ...VERIFIED, [RESULTS]: naming('store') })).findings)).toBe(false);
    expect(mayWrite(plan(memorySuite(VERIFIED)).findings)).toBe(true);
    expect(mayWrite(plan(memorySuite(withoutResults)).findings)).toBe(false);
    expect(mayWrite(plan(memorySuite({ ...VERIFIED, 'test-results/b.xml': '<' })).findings)).toBe(false);
    expect(mayWrite(plan(memorySuite({ ...VERIFIED, [INDEX]: 'requirements: 1' })).findings)).toBe(false);
  });
});

describe('the index of the last run', () => {
  it.each(['[', 'requirements: 1', 'package: a\ndocument: b\nrequirements:\n  a: {}\n'])(
    'is red when it cannot be read: %j [DML-TRC-0608]',
    (text) => {
      expect(codes(plan(memorySuite({ ...VERIFIED, [INDEX]: text })))).toEqual([`index_unreadable ${INDEX}`]);
    },
  );
});

describe('documents', () => {
  it('keep ids and links in fenced code to themselves [DML-TRC-0705]', () => {
    const text =
      '# A\n\n```markdown\n- [DML-OBJ-0099] Names MUST be [sorted](gone.md).\n```\n\n    DML-OBJ-0098 [a](gone.md)\n';
    expect(codes(plan(memorySuite({ ...VERIFIED, 'docs/A.md': text })))).toEqual([]);
  });

  it('may link to the generated files before they are written', () => {
    const text = '[a](../COMPLIANCE.md#object-model) [b](../requirements/object-model.yaml)\n';
    expect(codes(plan(memorySuite({ ...VERIFIED, 'docs/A.md': text })))).toEqual([]);
  });

  it('may not link to test results, which a fresh clone does not have [DML-TRC-0701]', () => {
    const text = `[a](../${RESULTS})\n`;
    expect(codes(plan(memorySuite({ ...VERIFIED, 'docs/A.md': text })))).toEqual(['link_broken docs/A.md']);
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
        const first = plan(memorySuite(files));
        const again = written(files, first);
        const second = plan(memorySuite(again));
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
        suites.map((files) => memorySuite(written(files, plan(memorySuite(files))))).chain(withOrders),
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
    const result = plan(memorySuite({ ...files, [RESULTS]: results }));
    expect(record(result)?.state).toBe('verified');
    expect(result.files.filter(({ text }) => text.includes('\r'))).toEqual([]);
    expect(result.files.filter(({ text }) => !text.endsWith('\n'))).toEqual([]);
  });

  it('are outdated when they differ or are not there [DML-TRC-0606]', () => {
    const { files } = plan(memorySuite(VERIFIED));
    const onDisk = new Map(files.map(({ path, text }) => [path, text]));
    expect(outdatedFindings(files, onDisk)).toEqual([]);
    onDisk.set(INDEX, `${onDisk.get(INDEX)} `);
    onDisk.delete('COMPLIANCE.md');
    onDisk.set('requirements/gone.yaml', '');
    expect(outdatedFindings(files, onDisk)).toEqual([
      { code: 'file_outdated', file: 'COMPLIANCE.md', detail: 'is not there' },
      { code: 'file_outdated', file: INDEX, detail: 'differs' },
      { code: 'file_outdated', file: 'requirements/gone.yaml', detail: 'belongs to no document' },
    ]);
  });
});
