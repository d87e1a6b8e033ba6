import type { PageRole } from '../../src/index.ts';
import { type EntryRule, solveCase, type TreeCase } from '../tree-case.ts';
import { errorOf } from './vector-file.ts';

const ROLES: readonly PageRole[] = [
  'list',
  'set',
  'map',
  'names',
  'dags',
  'pins',
  'requests',
  'inputs',
  'chunks',
  'values',
];

/** Lists the cases of search trees. */
export function treeVectors(): TreeCase[] {
  const tree = (name: string, entries: EntryRule, requirement = 'DML-OBJ-2002'): TreeCase =>
    solved({ name, requirement, operation: 'tree', entries });
  const cases: TreeCase[] = [];
  for (const role of ROLES) {
    cases.push(tree(`${role}, empty`, { role, count: 0 }, 'DML-OBJ-2001'));
    cases.push(tree(`${role}, 3 entries`, { role, count: 3 }, 'DML-OBJ-2003'));
    cases.push(tree(`${role}, 1,000 entries`, { role, count: 1000 }));
    cases.push(tree(`${role}, 12,000 entries`, { role, count: 12_000 }, 'DML-OBJ-2006'));
  }
  const list = (name: string, rule: Partial<EntryRule>): TreeCase =>
    tree(`list of ${name}`, { role: 'list', count: 20_000, ...rule }, 'DML-OBJ-2011');
  cases.push(
    list('one value', { distinct: 1 }),
    list('seven values in turn', { distinct: 7 }),
    list('two values at random', { distinct: 2, random: true }),
    list('ten values at random', { distinct: 10, random: true }),
    list('runs of 100', { distinct: 5, run: 100 }),
    list('runs of random length', { distinct: 2, run: 9, random: true }),
    list('runs of 3,000', { distinct: 3, run: 3000 }),
    tree('inputs that repeat', { role: 'inputs', count: 3000, distinct: 3, random: true }, 'DML-OBJ-2011'),
    tree('map with keys of 300 bytes', { role: 'map', count: 500, keyBytes: 300 }, 'DML-OBJ-2014'),
    tree('map with keys of 600 bytes', { role: 'map', count: 300, keyBytes: 600 }, 'DML-OBJ-2012'),
    tree('map with keys of 4,096 bytes', { role: 'map', count: 120, keyBytes: 4096 }, 'DML-OBJ-2013'),
    tree('names of 255 bytes', { role: 'names', count: 400, keyBytes: 255 }, 'DML-OBJ-2010'),
  );
  const edit = (name: string, entries: EntryRule, changes: TreeCase['changes']): TreeCase =>
    solved({ name, requirement: 'DML-OBJ-2004', operation: 'treeEdit', entries, changes: changes! });
  for (const role of ['set', 'map', 'names', 'dags', 'pins', 'requests'] as const) {
    const others = { role, count: 200, first: 3, step: 11 };
    cases.push(edit(`${role}, entries deleted`, { role, count: 2000 }, { delete: others }));
    cases.push(
      edit(`${role}, entries added`, { role, count: 2000 }, { set: { role, count: 300, first: 1999 } }),
    );
    cases.push(
      edit(`${role}, all but three deleted`, { role, count: 2000 }, { delete: { role, count: 1997 } }),
    );
  }
  const numbers: EntryRule = { role: 'list', count: 5000, distinct: 3, random: true };
  const splices = [
    { start: 0, deleteCount: 1 },
    {
      start: 1234,
      deleteCount: 0,
      insert: { role: 'list', count: 50, first: 77, distinct: 3, random: true },
    },
    { start: 4990, deleteCount: 10, insert: { role: 'list', count: 2 } },
  ] as const;
  const splice = (name: string, entries: EntryRule, applied: TreeCase['splices']): TreeCase => ({
    name,
    requirement: 'DML-OBJ-2021',
    operation: 'splice',
    entries,
    splices: applied!,
  });
  const range = { error: errorOf('splice_range') };
  cases.push(
    solved({ ...splice('list, three splices', numbers, splices), requirement: 'DML-OBJ-2004' }),
    {
      ...splice('splice behind the end', numbers, [{ start: 5001, deleteCount: 0, insert: numbers }]),
      ...range,
    },
    { ...splice('splice that deletes too much', numbers, [{ start: 4999, deleteCount: 2 }]), ...range },
    { ...splice('splices in reverse', numbers, [...splices].reverse()), ...range },
    {
      ...splice('splice inside a chunk', { role: 'chunks', count: 400 }, [{ start: 1, deleteCount: 16_383 }]),
      ...range,
    },
    {
      name: 'reading without the top page',
      requirement: 'DML-OBJ-2020',
      operation: 'readWithoutTop',
      entries: { role: 'map', count: 1000 },
      error: errorOf('page_missing'),
    },
  );
  return cases;
}

/** Lists the cases of blobs and directories. */
export function blobVectors(): TreeCase[] {
  const blob = (name: string, content: TreeCase['content'], requirement = 'DML-OBJ-2107'): TreeCase =>
    solved({ name, requirement, operation: 'blob', content: content! });
  const seeded = (seed: string, sizeBytes: number): { seed: string; sizeBytes: number } => ({
    seed,
    sizeBytes,
  });
  const damaged = (damage: string, requirement: string, detail: Parameters<typeof errorOf>[0]): TreeCase => ({
    name: `reading with ${damage}`,
    requirement,
    operation: 'readDamaged',
    content: [seeded('damaged', 200_000)],
    damage,
    error: errorOf(detail),
  });
  const path = (input: string): TreeCase =>
    solved({ name: `path ${input}`, requirement: 'DML-OBJ-2113', operation: 'path', input });
  const refusedPath = (name: string, input: string): TreeCase => ({
    name,
    requirement: 'DML-OBJ-2113',
    operation: 'path',
    input,
    error: errorOf('path_form'),
  });
  const directory = (name: string, entries: Partial<TreeCase>, requirement = 'DML-OBJ-2112'): TreeCase =>
    solved({ name, requirement, operation: 'directory', ...entries });
  const conflict = (name: string, entries: Partial<TreeCase>): TreeCase => ({
    name,
    requirement: 'DML-OBJ-2114',
    operation: 'directory',
    ...entries,
    error: errorOf('path_conflict'),
  });
  const refusedLink = (path: string, target: string): TreeCase => ({
    name: `link at ${path} to ${JSON.stringify(target)}`,
    requirement: 'DML-OBJ-2120',
    operation: 'directory',
    links: { [path]: target },
    error: errorOf('link_target'),
  });
  return [
    solved({ name: 'the gear table', requirement: 'DML-OBJ-2102', operation: 'gear' }),
    blob('nothing', [], 'DML-OBJ-2115'),
    blob('one byte', [{ repeat: '00', count: 1 }], 'DML-OBJ-2101'),
    ...[16_384, 16_385, 32_768, 65_536, 131_072, 131_073].map((size) =>
      blob(`${size} bytes`, [seeded('size', size)]),
    ),
    blob('half a megabyte', [seeded('half', 500_000)], 'DML-OBJ-2104'),
    blob('three megabytes', [seeded('three', 3_000_000)], 'DML-OBJ-2105'),
    blob('zeros', [{ repeat: '00', count: 400_000 }], 'DML-OBJ-2106'),
    blob('a repeated line', [{ repeat: '312c322c332c340a', count: 50_000 }], 'DML-OBJ-2106'),
    blob(
      'half a megabyte behind one more byte',
      [{ repeat: 'ff', count: 1 }, seeded('half', 500_000)],
      'DML-OBJ-2103',
    ),
    blob(
      'zeros, then half a megabyte',
      [{ repeat: '00', count: 20_000 }, seeded('half', 500_000)],
      'DML-OBJ-2103',
    ),
    damaged('no first chunk', 'DML-OBJ-2108', 'chunk_missing'),
    damaged('first chunk cut', 'DML-OBJ-2109', 'chunk_length'),
    damaged('size one more', 'DML-OBJ-2110', 'blob_size'),
    damaged('first byte changed', 'DML-OBJ-2111', 'blob_content'),
    ...['a', 'a/b.csv', '.hidden/..x/ y', 'e\u0301t\u00e9/\u212b', `${'p/'.repeat(2047)}pp`].map(path),
    ...[
      ['an empty path', ''],
      ['an absolute path', '/a'],
      ['a path that ends in a slash', 'a/'],
      ['an empty part', 'a//b'],
      ['a dot', './a'],
      ['two dots', 'a/../b'],
      ['a backslash', 'a\\b'],
      ['a NUL', 'a\u0000'],
    ].map(([name, input]) => refusedPath(name!, input!)),
    solved({
      name: 'a directory in any order',
      requirement: 'DML-OBJ-2112',
      operation: 'directory',
      files: ['b/c', 'a', 'b-c', 'e\u0301', 'b/a/z'],
    }),
    directory('a directory of nothing', {}),
    directory('a directory with everything', {
      files: ['data/a.csv', 'data/b.csv'],
      executables: ['bin/run'],
      folders: ['tmp', 'data/cache'],
      links: { latest: 'data/b.csv', 'data/run': '../bin/run', 'data/up': '..', loop: 'loop' },
    }),
    directory('a link with a long path', { links: { a: `${'b/'.repeat(100)}c` } }),
    conflict('a path twice', { files: ['a', 'a'] }),
    conflict('a path twice after NFC', { files: ['e\u0301', '\u00e9'] }),
    conflict('a file and a link of one path', { files: ['a'], links: { a: 'b' } }),
    conflict('a file that is a folder', { files: ['a/b/c', 'a/b'] }),
    conflict('an empty folder that is not', { files: ['a/b'], folders: ['a'] }),
    conflict('a link that is a folder', { files: ['a/b'], links: { a: 'c' } }),
    refusedLink('a', ''),
    refusedLink('a', '/etc/passwd'),
    refusedLink('a', '..'),
    refusedLink('a/b', '../../c'),
    refusedLink('a/b', 'c/../d'),
    refusedLink('a', './b'),
    refusedLink('a', 'b/'),
    refusedLink('a', 'b//c'),
    refusedLink('a', 'b\\c'),
    refusedLink('a', 'b\u0000'),
  ];
}

function solved(given: TreeCase): TreeCase {
  return { ...given, ...solveCase(given) };
}
