import { describe, expect, it } from 'vitest';
import { MemoryObjects } from '../../test/support/memory-objects.ts';
import { i64, idFor } from '../../test/support/tree-samples.ts';
import type { DatumId } from '../ids.ts';
import { buildTree } from '../search-tree/tree-builder.ts';
import { buildDirectory, canonicalFilePath, type DirectoryFile, directoryFiles } from './directory.ts';

function files(paths: readonly string[]): DirectoryFile[] {
  return paths.map((path) => [path, idFor<DatumId>(path)]);
}

describe('buildDirectory', () => {
  it('makes the map of paths and blobs, whatever the order [DML-OBJ-2112]', () => {
    const objects = new MemoryObjects();
    const paths = Array.from({ length: 800 }, (_, at) => `data/part-${at % 40}/file ${at}.csv`);
    const root = buildDirectory(files(paths), objects);
    expect(buildDirectory(files([...paths].reverse()), objects)).toEqual(root);
    const sorted = [...paths].sort();
    expect(root).toEqual(buildTree('map', files(sorted), objects));
    expect([...directoryFiles(root, objects)]).toEqual(files(sorted));
  });

  it.each(['', '/a', 'a/', 'a//b', '.', './a', 'a/..', '../a', 'a\\b', 'a\u0000b'])(
    'refuses the path %j [DML-OBJ-2113]',
    (path) => {
      const refused = expect.objectContaining({ code: 'invalid_payload', detail: 'path_form' });
      expect(() => canonicalFilePath(path)).toThrowError(refused);
      expect(() => buildDirectory(files([path]), new MemoryObjects())).toThrowError(refused);
    },
  );

  it('takes paths to NFC', () => {
    expect(canonicalFilePath('e\u0301/x')).toBe('\u00e9/x');
    expect(canonicalFilePath('.hidden/..x/ y')).toBe('.hidden/..x/ y');
  });

  it('refuses one path twice and a file that is also a folder [DML-OBJ-2114]', () => {
    const refused = expect.objectContaining({ code: 'invalid_payload', detail: 'path_conflict' });
    for (const paths of [
      ['a', 'a'],
      ['e\u0301', '\u00e9'],
      ['a/b/c', 'a/b'],
      ['a', 'a/b/c'],
    ]) {
      expect(() => buildDirectory(files(paths), new MemoryObjects())).toThrowError(refused);
    }
    expect(buildDirectory(files(['a/b', 'a.b', 'ab']), new MemoryObjects())).toHaveLength(3);
  });

  it('refuses to list a map that is no directory', () => {
    const objects = new MemoryObjects();
    for (const entry of [
      ['a', i64(1)],
      ['../a', idFor<DatumId>('a')],
    ] as const) {
      expect(() => [...directoryFiles([entry], objects)]).toThrowError(
        expect.objectContaining({ detail: 'path_form' }),
      );
    }
  });
});
