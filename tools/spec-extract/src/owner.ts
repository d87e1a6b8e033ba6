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

/** Returns the line-independent text form of an owner. */
export function formatOwner(owner: Owner): string {
  return owner.symbol === '' ? owner.file : `${owner.file}#${owner.symbol}`;
}
