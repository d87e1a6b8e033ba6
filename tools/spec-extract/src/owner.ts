import { citationsIn } from './requirement-id.ts';
import { anchorAt, type CommentAnchor, parseSource, symbolPath } from './source-tree.ts';
import type { TextFile } from './text-file.ts';

/** The place in the code that decides a requirement. */
export interface Owner {
  readonly id: string;
  readonly file: string;
  /** Names of the enclosing declarations joined by dots; empty at the top of a file. */
  readonly symbol: string;
}

/** An owner together with the syntax its comment belongs to. */
export interface LocatedOwner extends Owner {
  readonly anchor: CommentAnchor;
}

/** Lists the owners that a source file declares in its comments, in source order. */
export function ownersIn(file: TextFile): LocatedOwner[] {
  const citations = citationsIn(file.text);
  if (citations.length === 0) return [];
  const source = parseSource(file.path, file.text);
  const owners: LocatedOwner[] = [];
  for (const citation of citations) {
    const anchor = anchorAt(source, citation.index);
    if (anchor === undefined) continue;
    for (const id of citation.ids) {
      // @spec DML-TRC-0306
      owners.push({ id, file: file.path, symbol: symbolPath(anchor), anchor });
    }
  }
  return owners;
}

/** Yields whether a path can hold owners: a non-test source file of a package or tool. */
export function canOwn(path: string): boolean {
  // @spec DML-TRC-0301
  return /^(packages|tools)\/[^/]+\/src\/.+\.[cm]?[jt]sx?$/.test(path) && !isTestFile(path);
}

/** Yields whether a path is a test file. */
export function isTestFile(path: string): boolean {
  return /\.(test|test-d|spec|bench)\.[cm]?[jt]sx?$/.test(path) || /\/(test|tests|__tests__)\//.test(path);
}

/** Yields whether a runner runs the file by itself: other test files are modules of those. */
export function isRunFile(path: string): boolean {
  return /\.test\.[cm]?[jt]sx?$/.test(path);
}

/** Checks whether a path is that of a test in a language whose tests are not read here. */
export function isForeignTest(path: string): boolean {
  return /(?:^|\/)(?:test_[^/]*|[^/]*_test)\.(?!md$|[cm]?[jt]sx?$)\w+$/.test(path);
}

/** Yields the line-independent text form of an owner. */
export function formatOwner(owner: Owner): string {
  return owner.symbol === '' ? owner.file : `${owner.file}#${owner.symbol}`;
}
