import { filePath } from '../format/file-path.ts';
import type { GroupEntry, GroupKind } from '../format/group.ts';
import type { RemoteState } from '../format/state.ts';

/** Sort of a file that a state names. */
export type NamedFileSort = 'segment' | 'index' | 'cache' | 'absences';

/** A file that a state names. */
export interface NamedFile {
  readonly path: string;
  readonly sort: NamedFileSort;
  /** Size that the state says; null where it says none. */
  readonly bytes: number | null;
  /** Group that the file belongs to; undefined for one that belongs to none. */
  readonly group: GroupEntry | undefined;
  /** Kind of that group. */
  readonly kind: GroupKind | undefined;
}

/** Returns the files that a state names, by their paths. */
export function namedFiles({
  groups,
  caches,
  absences,
}: Pick<RemoteState, 'groups' | 'caches' | 'absences'>): Map<string, NamedFile> {
  const files = new Map<string, NamedFile>();
  const add = (sort: NamedFileSort, path: string, bytes: number | null, group?: GroupEntry): void => {
    files.set(path, { path, sort, bytes, group, kind: group?.kind });
  };
  for (const group of groups) {
    add('index', filePath('indexes', group.index), group.bytes, group);
    for (const { file, bytes } of group.segments) add('segment', filePath('segments', file), bytes, group);
  }
  for (const { file, bytes } of caches) add('cache', filePath('caches', file), bytes);
  if (absences !== null) add('absences', filePath('absences', absences), null);
  return files;
}

/** Returns the paths of the files of a group. */
export function pathsOfGroup(group: GroupEntry): string[] {
  return [filePath('indexes', group.index), ...group.segments.map(({ file }) => filePath('segments', file))];
}
