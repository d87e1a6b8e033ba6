import type { FunctionSources, LibraryUse } from './function-sources.ts';
import { unifiedDiff } from './unified-diff.ts';

/** Source file in which two captures of a function differ. */
export interface FileChange {
  readonly path: string;
  readonly kind: 'changed' | 'added' | 'removed';
  /** Lines of a unified diff without names; undefined where the content is gone. */
  readonly diff: readonly string[] | undefined;
}

/** Library of which two captures carry other code. */
export interface LibraryChange {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Differences between two captures of a function. */
export interface FunctionChanges {
  readonly files: readonly FileChange[];
  readonly libraries: readonly LibraryChange[];
  /** The tools that made the bundles, where they differ. */
  readonly bundler: { readonly before: string; readonly after: string } | undefined;
}

/**
 * Compares the sources of two captures; undefined where those of one were not kept.
 *
 * @spec DML-EXE-1704
 */
export function functionChanges(
  before: FunctionSources | undefined,
  after: FunctionSources | undefined,
): FunctionChanges | undefined {
  if (before === undefined || after === undefined) return undefined;
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])].sort();
  const files = paths.flatMap((path): FileChange[] => {
    const [left, right] = [before.files.get(path), after.files.get(path)];
    if (left?.sha256 === right?.sha256) return [];
    const kind = left === undefined ? 'added' : right === undefined ? 'removed' : 'changed';
    const [from, to] = [left ? left.text() : '', right ? right.text() : ''];
    return [{ path, kind, diff: from === undefined || to === undefined ? undefined : unifiedDiff(from, to) }];
  });
  return {
    files,
    libraries: libraryChanges(before.libraries, after.libraries),
    bundler: before.bundler === after.bundler ? undefined : { before: before.bundler, after: after.bundler },
  };
}

function libraryChanges(before: readonly LibraryUse[], after: readonly LibraryUse[]): LibraryChange[] {
  const [left, right] = [before, after].map(
    (uses) => new Map(uses.map((use) => [use.name, use] as const)),
  ) as [Map<string, LibraryUse>, Map<string, LibraryUse>];
  return [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((name) => {
    const [old, now] = [left.get(name), right.get(name)];
    return old?.sha256 === now?.sha256 ? [] : [{ name, before: old?.version, after: now?.version }];
  });
}
