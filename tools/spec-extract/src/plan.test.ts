import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GREEN, RED } from '../test/fixtures.ts';
import {
  codes,
  type Files,
  INDEX,
  memorySuite,
  planned,
  RESULTS,
  resultsOf,
  SOURCE,
  SPEC,
  specOf,
  TEST,
  VERIFIED,
  without,
  written,
} from '../test/memory-suite.ts';
import { formatFindings, isRed, sortFindings, WORDING } from './finding.ts';
import { type Plan, plan, type Suite } from './plan.ts';
import { idsIn } from './requirement-id.ts';
import type { RequirementRecord } from './requirement-record.ts';
import { parseSpecDocument } from './spec-document.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const codeOf = (title: string): string => /^[a-z_]+/.exec(title)?.[0] ?? '';
const recordOf = (result: Plan, id = 'DML-OBJ-0001'): RequirementRecord | undefined =>
  result.records.find((record) => record.id === id);

/** Lists the codes of the findings of a suite once its generated files are as they should be. */
function codesOf(files: Files, code?: string): string[] {
  const isReady = code === 'file_outdated';
  const after = isReady ? files : written(files, code === 'text_suspect' ? [] : 'all');
  return [...new Set(planned(after).findings.map((finding) => finding.code))];
}

describe('findings', () => {
  it.each(RED.map(([title, ...suites]) => [title, suites] as const))(
    'are of one kind: %s',
    (title, suites) => {
      for (const files of suites)
        expect(codesOf(files, codeOf(title)), JSON.stringify(files)).toEqual([codeOf(title)]);
    },
  );

  it.each(GREEN.map(([title, ...suites]) => [title, suites] as const))('are none: %s', (_, suites) => {
    for (const files of suites) expect(codesOf(files), JSON.stringify(files)).toEqual([]);
  });

  it('have a suite for every code, and for every row of the error surface [DML-TRC-1001]', () => {
    const all = Object.keys(WORDING).sort();
    expect([...new Set(RED.map(([title]) => codeOf(title)))].sort()).toEqual(all);
    const text = readFileSync(join(import.meta.dirname, '../../../specs/90-traceability.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z_]+)` \| ((?:DML-TRC-\d{4}(?:, )?)+) \|$/gm)];
    expect(rows.map(([, code]) => code).sort()).toEqual(all);
    const shown = RED.map(([title]) => `${codeOf(title)} ${idsIn(title)}`);
    for (const [, code, ids = ''] of rows)
      for (const id of idsIn(ids)) expect(shown).toContain(`${code} ${id}`);
  });

  it('are ordered by file, code, id and detail, each once [DML-TRC-0811]', () => {
    const finding = fc.record({
      code: fc.constantFrom('unknown_id' as const, 'link_broken' as const),
      id: fc.constantFrom('DML-OBJ-0001', 'DML-OBJ-0002'),
      file: fc.constantFrom('a.md', 'b.md'),
      detail: fc.constantFrom('x', 'y'),
    });
    fc.assert(
      fc.property(fc.array(finding), (list) => {
        const keys = sortFindings(list).map(({ file, code, id, detail }) =>
          [file, code, id, detail].join(' '),
        );
        expect(keys).toEqual([...new Set(keys)].sort());
        expect(keys).toHaveLength(
          new Set(list.map((one) => JSON.stringify(Object.entries(one).sort()))).size,
        );
      }),
    );
  });

  it('are told notes first, with a count', () => {
    const note = { code: 'keyword_without_id', file: 'b.md', detail: 'MUST in line 3' } as const;
    const red = { code: 'unknown_id', id: 'DML-OBJ-0009', file: 'a.md', detail: 'x' } as const;
    expect([note, red].map(isRed)).toEqual([false, true]);
    expect(formatFindings([red, note]).split('\n')).toEqual([
      expect.stringMatching(/^note b\.md: keyword_without_id \(MUST in line 3\): /),
      expect.stringMatching(/^red a\.md: unknown_id DML-OBJ-0009 \(x\): /),
      '1 red, 1 note',
    ]);
  });
});

describe('a requirement', () => {
  const itemsOf = (...items: string[]) =>
    parseSpecDocument({ path: SPEC, text: specOf(...items) }).requirements;

  it('has id, level, text and section [DML-TRC-0101] [DML-TRC-0113]', () => {
    const text = `- [DML-OBJ-0001] Names\n  SHOULD be.\n\n# The \`Map\`: names & values!\n\n1. [DML-OBJ-0002] {norm} \`1\` is one.
\n## Names\n\n## Names\n\n- [DML-OBJ-0003] A name MAY be one of\n  - \`a\`\n  - \`b\`\n`;
    const { requirements } = parseSpecDocument({ path: SPEC, text });
    expect(
      requirements.map((requirement) => [
        requirement.id,
        requirement.level,
        requirement.text,
        requirement.section,
      ]),
    ).toEqual([
      ['DML-OBJ-0001', 'SHOULD', 'Names SHOULD be.', ''],
      ['DML-OBJ-0002', 'NORM', '`1` is one.', 'the-map-names--values'],
      ['DML-OBJ-0003', 'MAY', 'A name MAY be one of - `a` - `b`', 'names-1'],
    ]);
  });

  it('ends where one inside of it begins', () => {
    const nested = itemsOf('[DML-OBJ-0001] Names MUST be.\n  - [DML-OBJ-0002] Values MAY be.');
    expect(nested.map(({ text }) => text)).toEqual(['Names MUST be.', 'Values MAY be.']);
  });

  it('does not count keywords in code [DML-TRC-0108]', () => {
    const [requirement] = itemsOf(
      '[DML-OBJ-0001] The word `MUST` MAY stand in code.\n\n  ```\n  SHOULD\n  ```',
    );
    expect(requirement?.level).toBe('MAY');
  });

  it('has a fingerprint of its text without id, marks and wrapping [DML-TRC-0112]', () => {
    const of = (item: string) => itemsOf(item)[0]?.fingerprint;
    const text = 'Names MUST be in “NFC”.';
    const plain = createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
    expect(of(`[DML-OBJ-0001] ${text}`)).toBe(plain);
    expect(of('[DML-OBJ-0002] {planned} Names  MUST\n  be\tin “NFC”.')).toBe(plain);
    for (const other of ['Names must be in “NFC”.', 'Names MUST be in `NFC`.', `${text}\n  - Also nested.`])
      expect(of(`[DML-OBJ-0001] ${other}`), other).not.toBe(plain);
  });

  it.each([
    ['its own name', '# A\n\nIn `packages/other`.\n', 'remote-store'],
    [
      'what its location names',
      '## 4. Implementation location\n\n`tools/a-b/src`, then `packages/c`.\n',
      'a-b',
    ],
    ['what a link names', '## Implementation location\n\n[`packages/c`](../packages/c)\n', 'c'],
    ['nothing of later sections', '## Implementation location\n\n## 2\n\n`tools/a`\n', 'remote-store'],
  ])('belongs to the package of its document: %s [DML-TRC-0913]', (_, text, name) => {
    expect(parseSpecDocument({ path: 'specs/41-remote-store.md', text }).packageName).toBe(name);
  });

  it('of this repository belongs to a folder of its document alone', () => {
    const root = join(import.meta.dirname, '../../..');
    const names = readdirSync(join(root, 'specs')).filter((name) => /^(?!00-).*\.md$/.test(name));
    const packages = names.map((name) => {
      const path = `specs/${name}`;
      return parseSpecDocument({ path, text: readFileSync(join(root, path), 'utf8') }).packageName;
    });
    expect(new Set(packages).size).toBe(names.length);
    const folders = ['packages', 'tools'].flatMap((folder) => readdirSync(join(root, folder)));
    expect(packages.filter((name) => !folders.includes(name))).toEqual([]);
  });
});

describe('the state of a requirement', () => {
  const FAILED: Files = { [RESULTS]: resultsOf(TEST, { 'sorts names [DML-OBJ-0001]': 'failed' }) };
  const reviewed = written(VERIFIED);
  const as = (mark: string, keyword = 'MUST'): Files => ({
    [SPEC]: specOf(`[DML-OBJ-0001] ${mark} Names ${keyword} be sorted.`),
  });

  // Each row has also what would decide the rows below it.
  it.each([
    ['retired', 'retired', { ...as('{retired}'), ...FAILED }],
    ['planned', 'planned', { ...as('{planned}'), ...FAILED }],
    ['suspect', 'of a changed text', { ...reviewed, ...as('{measured}', 'MAY'), ...FAILED }],
    ['suspect', 'never reviewed', VERIFIED],
    ['measured', 'measured', written({ ...VERIFIED, ...as('{measured}', 'SHOULD'), [SOURCE]: '' })],
    ['open', 'implied without an owner', written({ ...as('{implied: types}'), [TEST]: '', ...FAILED })],
    ['implied', 'implied', written({ ...VERIFIED, ...as('{implied: compiler}'), ...FAILED })],
    ['open', 'of two owners', { ...reviewed, [SOURCE]: `${VERIFIED[SOURCE]}${VERIFIED[SOURCE]}` }],
    ['open', 'of no owner', { ...reviewed, [SOURCE]: '' }],
    ['open', 'of a failing test', { ...reviewed, ...FAILED }],
    ['verified', 'of a passing test', reviewed],
  ])('is %s where it is %s [DML-TRC-0501]', (state, _, files) => {
    expect(recordOf(planned(files))?.state).toBe(state);
  });

  it('stays suspect until it is reviewed, however often the index is written [DML-TRC-0503]', () => {
    let files: Files = { ...reviewed, [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted bytewise.') };
    for (let round = 0; round < 2; round++) {
      const result = planned(files);
      expect(codes(result)).toContain('text_suspect DML-OBJ-0001');
      expect(recordOf(result)?.reviewed).toBe(recordOf(planned(reviewed))?.fingerprint);
      files = written(files, []);
    }
    expect(codes(planned(written(files)))).toEqual([]);
  });

  const CHANGED = { [SPEC]: specOf('[DML-OBJ-0001] Names MUST be short.') };
  const marked = (mark: string): Files => ({ [SPEC]: specOf(`[DML-OBJ-0001] ${mark} Names MUST be short.`) });
  it.each([
    ['it is first recorded', written(VERIFIED, [])],
    ['its row is deleted', { ...reviewed, [INDEX]: reviewed[INDEX]!.replace(/^DML.*\n/m, '') }],
    ['its index is deleted', without(reviewed, INDEX)],
    ['it was planned in between', written({ ...reviewed, ...marked('{planned}') }, [])],
  ])('is suspect also when %s [DML-TRC-0914]', (_, files) => {
    expect(recordOf(planned({ ...files, ...CHANGED }))?.state).toBe('suspect');
  });

  it('stays that of an id that vanished or was retired, however often the index is written [DML-TRC-0104] [DML-TRC-0105]', () => {
    const other = { [SPEC]: specOf('[DML-OBJ-0002] {planned} Values MUST be sorted.') };
    const back = { [SPEC]: specOf('[DML-OBJ-0001] {planned} Values MUST be sorted.') };
    const retired = written(marked('{retired}'));
    expect(codes(planned(retired))).toEqual([]);
    for (const [start, code, state] of [
      [{ ...written(without(VERIFIED, TEST, SOURCE)), ...other }, 'id_vanished', 'suspect'],
      [{ ...retired, ...back }, 'id_reused', 'retired'],
    ] as const) {
      let files: Files = start;
      for (let round = 0; round < 2; round++) {
        const result = planned(files);
        expect(codes(result)).toContain(`${code} DML-OBJ-0001`);
        expect(recordOf(result)?.state).toBe(state);
        files = written(files, []);
      }
    }
  });
});

describe('results', () => {
  const naming = (...configured: string[]): string =>
    JSON.stringify({ configured, ...JSON.parse(VERIFIED[RESULTS] ?? '') });
  const TWO = {
    ...VERIFIED,
    [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.', '[DML-OBJ-0002] Values MUST be.'),
    'packages/object-model/src/value.ts': '// @spec DML-OBJ-0002\nexport const value = 1;\n',
  };

  it('are the leaves of the report of vitest [DML-TRC-0413]', () => {
    const leaf = (title: string, status: string) => ({
      ancestorTitles: ['refs'],
      title,
      status,
      duration: 1,
    });
    const report = {
      numTotalTests: 2,
      testResults: [
        { name: TEST, status: 'failed', assertionResults: [leaf('a [DML-OBJ-0001]', 'passed')] },
        { name: 'c.test.ts', status: 'failed', message: 'does not load', assertionResults: [] },
      ],
    };
    const result = planned({ ...VERIFIED, [RESULTS]: JSON.stringify(report) });
    expect(recordOf(result)?.tests).toMatchObject([{ file: TEST, name: 'refs > a', outcome: 'passed' }]);
  });

  it('that are missing are one finding, or one for each project, and none for each requirement [DML-TRC-0411] [DML-TRC-0422]', () => {
    const found = (files: Files) => codes(planned(written(files))).filter((code) => !/suspect/.test(code));
    expect(found(TWO)).toEqual(['test_missing DML-OBJ-0002']);
    expect(found(without(TWO, RESULTS))).toEqual(['results_missing test-results']);
    expect(found({ ...TWO, [RESULTS]: naming('object-model', 'store', 'cli') })).toEqual([
      'results_missing test-results/cli.json',
      'results_missing test-results/store.json',
    ]);
  });

  it('of any file say which projects are configured [DML-TRC-0421]', () => {
    const more = { 'test-results/cli.json': '{"testResults":[],"configured":["cli","bench"]}' };
    const files = { ...VERIFIED, [RESULTS]: naming('cli'), ...more };
    expect(codes(planned(files))).toContain('results_missing test-results/bench.json');
    expect(planned({ ...files, 'test-results/bench.json': '{"testResults":[]}' }).mayWrite).toBe(true);
  });

  it.each([
    ['are there', {}, true],
    ['are missing of a project', { [RESULTS]: naming('store') }, false],
    ['cannot be read', { 'test-results/b.json': '<' }, false],
    ['meet an index that cannot be read', { [INDEX]: 'requirements: 1' }, false],
  ])('that %s decide whether the index is written [DML-TRC-0609]', (_, files, mayWrite) => {
    expect(planned({ ...VERIFIED, ...files }).mayWrite).toBe(mayWrite);
  });
});

describe('the generated files', () => {
  const lists = ['documents', 'sources', 'tests', 'vectors', 'results', 'generated', 'paths'] as const;

  /** A suite with the same suite in another order. */
  function withOrders(suite: Suite): fc.Arbitrary<readonly [Suite, Suite]> {
    const ordersOf = (list: readonly unknown[]) => fc.shuffledSubarray([...list], { minLength: list.length });
    const orders = Object.fromEntries(lists.map((name) => [name, ordersOf(suite[name])]));
    return fc.record(orders).map((ordered) => [suite, { ...suite, ...ordered }]);
  }

  const TEXTS = [
    'Names MUST be.',
    '{planned} Values SHOULD be.',
    '{retired} Old.',
    '{norm} New.',
    'Names are.',
  ];
  const OUTCOMES = ['passed', 'failed', 'skipped', undefined];

  /** Suites of random requirements, owners and results, also contradictory ones. */
  const suites = fc
    .array(
      fc.record({
        area: fc.constantFrom('OBJ', 'STO'),
        number: fc.integer({ min: 1, max: 6 }),
        text: fc.constantFrom(...TEXTS),
        owners: fc.integer({ min: 0, max: 2 }),
        outcomes: fc.tuple(fc.constantFrom(...OUTCOMES), fc.constantFrom(...OUTCOMES)),
        isMisplaced: fc.nat(4).map((drawn) => drawn === 0),
      }),
      { maxLength: 8 },
    )
    .map((entries) => {
      const files: Record<string, string> = {};
      for (const [index, { area, number, text, owners, outcomes, isMisplaced }] of entries.entries()) {
        const id = `DML-${area}-000${number}`;
        const document = (area === 'OBJ') !== isMisplaced ? SPEC : 'specs/20-store.md';
        files[document] = `${files[document] ?? '# A\n\n'}- [${id}] ${text}\n`;
        for (let n = 0; n < owners; n++) files[`packages/a/src/f${index}-${n}.ts`] = `// @spec ${id}\n`;
        const title = `t${index} [${id}]`;
        const test = `packages/a/src/t${index}.test.ts`;
        files[test] = index % 2 === 0 ? `it('${title}', f);` : `it.each(vectors)('$name', f);`;
        files[`vectors/v${index}.json`] = `{"name":"${title}"}\n`;
        for (const [run, outcome] of outcomes.entries())
          if (outcome !== undefined)
            files[`test-results/r${run}${index}.json`] = resultsOf(test, { [title]: outcome });
      }
      return files;
    });

  it('are an index for each package and the report [DML-TRC-0601]', () => {
    const files = { ...VERIFIED, 'specs/00-overview.md': '# A\n', 'specs/20-store.md': '# A\n' };
    const { fingerprint } = recordOf(planned(VERIFIED))!;
    const before = written(files, []);
    expect(Object.keys(before).filter((path) => !(path in files))).toEqual([
      'COMPLIANCE.md',
      INDEX,
      'requirements/store.yaml',
    ]);
    expect(before[INDEX]?.split('\n').slice(1)).toEqual([
      `DML-OBJ-0001: MUST, suspect, ${fingerprint}, not reviewed`,
      '',
    ]);
    expect(written(files)[INDEX]).toContain(`DML-OBJ-0001: MUST, verified, ${fingerprint}\n`);
    const moved = written({
      ...written(VERIFIED),
      [SPEC]: specOf('[DML-OBJ-0002] {planned: adapters} Values MUST NOT be.'),
      'specs/65-name-table.md': VERIFIED[SPEC]!,
    });
    expect(codes(planned(moved))).toEqual([]);
    expect(moved['requirements/name-table.yaml']).toContain('DML-OBJ-0001: MUST, verified');
    expect(moved[INDEX]).toMatch(/DML-OBJ-0002: MUST NOT, planned, \w{16}, not reviewed, for adapters\n/);
    const gone = planned(without({ ...moved, [SPEC]: VERIFIED[SPEC]! }, 'specs/65-name-table.md'));
    expect(gone.files.map(({ path }) => path)).toEqual(['COMPLIANCE.md', INDEX]);
    expect(gone.findings.filter(({ code }) => code === 'id_vanished')).toHaveLength(1);
  });

  it('are the same bytes when they are generated twice [DML-TRC-0602]', () => {
    fc.assert(
      fc.property(suites, (files) => {
        const first = planned(files, 'all');
        const second = planned(written(files));
        expect(second.files).toEqual(first.files);
        expect(second.findings.filter(({ code }) => code === 'file_outdated')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('do not depend on the order of the inputs [DML-TRC-0603]', () => {
    const moved = new Map<string, number>();
    fc.assert(
      fc.property(
        suites.map((files) => memorySuite(written(files))).chain(withOrders),
        ([suite, shuffled]) => {
          for (const name of lists)
            if (suite[name].some((item, at) => item !== shuffled[name][at]))
              moved.set(name, (moved.get(name) ?? 0) + 1);
          expect(plan(shuffled).files).toEqual(plan(suite).files);
        },
      ),
      { numRuns: 100 },
    );
    for (const name of lists) expect(moved.get(name), name).toBeGreaterThan(10);
  });

  it('hold line feeds only, and read back, whatever the inputs hold [DML-TRC-0604]', () => {
    const crlf = (files: Files): Files =>
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]));
    const result = planned(crlf(written(VERIFIED)));
    expect(recordOf(result)?.state).toBe('verified');
    for (const { text } of result.files)
      expect([text.includes('\r'), text.endsWith('\n')]).toEqual([false, true]);
  });
});
