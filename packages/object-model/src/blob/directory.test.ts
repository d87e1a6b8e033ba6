import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, idFor } from '../../test/support/tree-samples.ts';
import type { DatumId } from '../ids.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { LeafEntries } from '../records/page-types.ts';
import type { Datum } from '../records/record-types.ts';
import { buildTree } from '../search-tree/tree-builder.ts';
import { compareUtf8 } from '../text/utf8.ts';
import { buildDirectory, type DirectoryEntry, readDirectory } from './directory.ts';
import { checkFilePath } from './file-path.ts';

const file = (path: string, isExecutable = false): DirectoryEntry => ({
  kind: 'file',
  path,
  blobDatumId: idFor<DatumId>(path),
  isExecutable,
});
const link = (path: string, target: string): DirectoryEntry => ({ kind: 'link', path, target });
const folder = (path: string): DirectoryEntry => ({ kind: 'empty-folder', path });
const files = (paths: readonly string[]): DirectoryEntry[] => paths.map((path) => file(path));
const refusal = (detail: string): unknown => expect.objectContaining({ code: 'invalid_payload', detail });

/** Paths of which two, or two of the folders above them, are equal after NFC and not the same. */
const TWO_SPELLINGS = [
  ['e\u0301', '\u00e9'],
  ['x/e\u0301', 'b', 'x/\u00e9'],
  ['e\u0301/a', '\u00e9/b'],
  ['e\u0301', '\u00e9/b'],
  ['e\u0301/b', '\u00e9'],
  ['x/e\u0301/c/d', 'x/\u00e9/c/e'],
  // The same text in three ways, the one in NFC not among them.
  ['\u212b', 'A\u030a'],
  // The sign of the kelvin is the letter after NFC.
  ['\u212a', 'K'],
  ['\u212a/b', 'K/a'],
  ['x/\u212a', 'x/K/a', 'x/K0'],
  ['x/\u212a/e\u0301', 'x/K'],
];
const ONE_SPELLING = [
  'K0',
  'K',
  '\u212b/a',
  '\u212b/b',
  'e\u0301/\u00e9/a',
  'e\u0301/\u00e9/b',
  '\u00e8',
  'e',
];

describe('buildDirectory', () => {
  it('makes the map of paths and blobs, whatever the order', () => {
    const objects = new MemoryObjects();
    const paths = Array.from({ length: 800 }, (_, at) => `data/part-${at % 40}/file ${at}.csv`);
    const root = buildDirectory(files(paths), objects);
    expect(buildDirectory(files([...paths].reverse()), objects)).toEqual(root);
    const sorted = [...paths].sort();
    const entries = sorted.map((path): LeafEntries['map'] => [path, idFor<DatumId>(path)]);
    expect(root).toEqual(buildTree('map', entries, objects));
    expect([...readDirectory(root, objects)]).toEqual(files(sorted));
  });

  it('has a value of its own for what is no plain file [DML-OBJ-2112]', () => {
    const objects = new MemoryObjects();
    const long = `${'b/'.repeat(100)}c`;
    const entries = [
      file('data/a'),
      file('data/b', true),
      folder('empty'),
      link('l', 'data/a'),
      link('long', long),
    ];
    const root = buildDirectory(entries, objects) as readonly LeafEntries['map'][];
    const datums = root.map(([, element]) => objects.readDatum(element as DatumId));
    expect(root.map(([path]) => path)).toEqual(['data/a', 'data/b', 'empty', 'l', 'long']);
    expect(root[0]![1]).toBe(idFor<DatumId>('data/a'));
    expect(datums.slice(1, 4)).toEqual([
      {
        type: 'datum',
        kind: 'map',
        root: [
          ['content', idFor<DatumId>('data/b')],
          ['executable', { type: 'datum', kind: 'bool', value: true }],
        ],
      },
      { type: 'datum', kind: 'map', root: [] },
      {
        type: 'datum',
        kind: 'map',
        root: [['link', { type: 'datum', kind: 'string', value: 'data/a' }]],
      },
    ]);
    // A text above the size of an inline element is a datum of its own, as in every map.
    const [, target] = (datums[4] as { root: readonly LeafEntries['map'][] }).root[0]!;
    expect(objects.readDatum(target as DatumId)).toEqual({ type: 'datum', kind: 'string', value: long });
    expect([...readDirectory(root, objects)]).toEqual(entries);
  });

  it('keeps a path as it is given, up to the length of a map key [DML-OBJ-2113]', () => {
    for (const path of ['e\u0301/x', '.hidden/..x/ y', '\u212b', 'p'.repeat(4096)])
      expect(checkFilePath(path)).toBe(path);
    for (const entry of [file('../a'), folder('../a'), link('../a', 'x')])
      expect(() => buildDirectory([entry], new MemoryObjects())).toThrowError(refusal('path_form'));
    expect(() => checkFilePath('p'.repeat(4097))).toThrowError(
      expect.objectContaining({ detail: 'map_key_length' }),
    );
  });

  it('refuses two spellings of a path, and an entry below another [DML-OBJ-2114]', () => {
    for (const entries of [
      files(['a', 'a']),
      ...TWO_SPELLINGS.flatMap((paths) => [files(paths), files(paths.toReversed())]),
      files(['a/b/c', 'a/b']),
      files(['a', 'a/b/c']),
      [file('a/b'), folder('a')],
      [file('a/b'), link('a', 'c')],
      [file('a'), folder('a')],
    ]) {
      expect(() => buildDirectory(entries, new MemoryObjects())).toThrowError(refusal('path_conflict'));
    }
    for (const paths of [['a/b', 'a.b', 'ab', 'e\u0301'], ONE_SPELLING])
      expect(buildDirectory(files(paths), new MemoryObjects())).toHaveLength(paths.length);
  });
});

describe('readDirectory', () => {
  it('refuses every map that no directory makes [DML-OBJ-2121]', () => {
    const objects = new MemoryObjects();
    const put = (datum: Datum): DatumId => objects.putDatum(encodeRecord(datum));
    const map = (...root: LeafEntries['map'][]): DatumId => put({ type: 'datum', kind: 'map', root });
    const bool = (value: boolean): LeafEntries['map'][1] => ({ type: 'datum', kind: 'bool', value });
    const text = (value: string): LeafEntries['map'][1] => ({ type: 'datum', kind: 'string', value });
    const blob = idFor<DatumId>('a blob');
    const list = put({ type: 'datum', kind: 'list', root: [] });
    const read = (...root: LeafEntries['map'][]) => [...readDirectory(root, objects)];
    for (const element of [
      i64(1),
      list,
      map(['content', blob]),
      map(['content', blob], ['executable', bool(false)]),
      map(['content', blob], ['executable', text('true')]),
      map(['content', blob], ['executable', bool(true)], ['mode', i64(1)]),
      map(['content', list], ['executable', bool(true)]),
      map(['content', text('x')], ['executable', bool(true)]),
      map(['executable', bool(true)]),
      map(['link', i64(1)]),
      map(['link', list]),
      map(['link', text('b')], ['other', i64(1)]),
      map(['target', text('b')]),
    ]) {
      expect(() => read(['a', element])).toThrowError(refusal('directory_form'));
    }
    expect(() => read(['../a', blob])).toThrowError(refusal('path_form'));
    expect(() => read(['a', map(['link', text('../b')])])).toThrowError(refusal('link_target'));
    expect(() => read(['a', map()], ['a/b', blob])).toThrowError(refusal('path_conflict'));
    expect(() => read(['a', blob], ['a-b', blob], ['a/b', blob])).toThrowError(refusal('path_conflict'));
    const sorted = (paths: readonly string[]) =>
      paths.toSorted(compareUtf8).map((path): LeafEntries['map'] => [path, blob]);
    for (const paths of TWO_SPELLINGS)
      expect(() => read(...sorted(paths)), String(paths)).toThrowError(refusal('path_conflict'));
    expect(read(...sorted(ONE_SPELLING))).toHaveLength(ONE_SPELLING.length);
  });

  it('reads a link whose path is a datum of its own, however short it is', () => {
    const objects = new MemoryObjects();
    const target = objects.putDatum(encodeRecord({ type: 'datum', kind: 'string', value: 'b' }));
    const element = objects.putDatum(encodeRecord({ type: 'datum', kind: 'map', root: [['link', target]] }));
    expect([...readDirectory([['a', element]], objects)]).toEqual([link('a', 'b')]);
  });

  it('refuses two spellings of a folder in a tree of pages [DML-OBJ-2121]', () => {
    const objects = new MemoryObjects();
    const paths = Array.from({ length: 3000 }, (_, at) => `d/\u00e9/${String(at).padStart(5, '0')}`);
    const entries = [...paths, 'd/e\u0301/00000']
      .sort(compareUtf8)
      .map((path) => [path, idFor<DatumId>(path)] as const);
    const root = buildTree('map', entries, objects);
    expect(typeof root).toBe('string');
    expect(() => [...readDirectory(root, objects)]).toThrowError(refusal('path_conflict'));
  });

  it('refuses a file below another one in a tree of pages [DML-OBJ-2121]', () => {
    const objects = new MemoryObjects();
    const paths = Array.from({ length: 3000 }, (_, at) => `d/${String(at).padStart(5, '0')}/x`);
    const entries = [...paths, 'd/01234']
      .sort(compareUtf8)
      .map((path) => [path, idFor<DatumId>(path)] as const);
    const root = buildTree('map', entries, objects);
    expect(typeof root).toBe('string');
    expect(() => [...readDirectory(root, objects)]).toThrowError(refusal('path_conflict'));
  });
});
