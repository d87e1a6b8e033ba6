import { describe, expect, it } from 'vitest';
import {
  checkPathOf,
  claimPath,
  execPath,
  FOREIGN_PATHS,
  FOREIGN_PREFIXES,
  resultPath,
  segmentPath,
  statePath,
} from '../testing/files-suite/paths.ts';
import {
  checkFilePath,
  checkPath,
  isLayoutPath,
  isMutablePath,
  type PathSort,
  parseFilePath,
} from './file-path.ts';

const PATHS = {
  immutable: [
    segmentPath(1),
    segmentPath(1, 120),
    statePath(2),
    segmentPath(3).replace('segments', 'absences'),
    segmentPath(3).replace('segments', 'indexes').replace('.car', '.index'),
    segmentPath(3).replace('segments', 'caches').replace('.car', '.cache'),
    checkPathOf(4, 'bin'),
  ],
  mutable: ['CURRENT.json', claimPath(1), execPath(2), resultPath(2), checkPathOf(4, 'json')],
};
const ALL = [...PATHS.immutable, ...PATHS.mutable];

function refusalOf(path: unknown, sort: PathSort): unknown {
  try {
    checkPath(path as string, sort);
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}

const accepted = (sort: PathSort): string[] => ALL.filter((path) => refusalOf(path, sort) === undefined);

describe('paths of a remote', () => {
  it('are accepted where a file of their sort is meant, and refused anywhere else [DML-REM-0617]', () => {
    expect(accepted('immutable')).toEqual(PATHS.immutable);
    expect(accepted('mutable')).toEqual(PATHS.mutable);
    expect(accepted('removable')).toEqual([
      ...PATHS.immutable,
      execPath(2),
      resultPath(2),
      checkPathOf(4, 'json'),
    ]);
    expect(accepted('prefix')).toEqual([]);
    for (const sort of ['immutable', 'mutable', 'removable'] as const) {
      for (const path of [...FOREIGN_PATHS, undefined, null, 7, [segmentPath(1)]])
        expect([path, refusalOf(path, sort)]).toEqual([path, 'remote_path_invalid']);
    }
  });

  it('have prefixes that lead below one folder at most [DML-REM-0617]', () => {
    for (const prefix of [
      '',
      'states/',
      'segments/1-',
      'claims/0a',
      'check/',
      'exec/',
      'results/0',
      'caches/',
      'indexes/',
    ])
      expect(refusalOf(prefix, 'prefix')).toBeUndefined();
    for (const prefix of [...FOREIGN_PREFIXES, undefined, null, 7])
      expect([prefix, refusalOf(prefix, 'prefix')]).toEqual([prefix, 'remote_path_invalid']);
  });

  it('say of which sort the file is', () => {
    for (const path of ALL) expect([path, isLayoutPath(path)]).toEqual([path, true]);
    for (const path of FOREIGN_PATHS) expect([path, isLayoutPath(path)]).toEqual([path, false]);
    expect(ALL.filter(isMutablePath)).toEqual(PATHS.mutable);
    expect(checkFilePath('00000000-0000-4000-8000-000000000004', 'json')).toBe(checkPathOf(4, 'json'));
    expect(parseFilePath(checkPathOf(4, 'bin'))).toBeUndefined();
    expect(parseFilePath(segmentPath(1, 120))).toMatchObject({ epoch: 120, sequence: undefined });
    expect(parseFilePath(statePath(2))).toMatchObject({ epoch: 0, sequence: 2 });
  });
});
