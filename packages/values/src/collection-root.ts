import {
  buildTree,
  type LeafEntries,
  MAX_INLINE_BYTES,
  type PageStore,
  type TreeRoot,
} from '@daggerml/object-model';

type Role = 'list' | 'set' | 'map';

/** A page shorter than this ends only with its level, so that a shorter collection is one page. */
const SHORTEST_PAGE_BYTES = 2048;
/** Maximum size of an entry without its key: an inline element or a link, and the heads of both. */
const MOST_ENTRY_BYTES = MAX_INLINE_BYTES + 16;
const MOST_BYTES_OF_UNIT = 3;

/**
 * Returns the root of a collection from its entries in canonical order.
 *
 * The entries of a collection that is one page for certain are its root, without being laid out first to find that
 * out: most collections of a large value are the rows of a table.
 *
 * @spec DML-EXE-0826
 */
export function collectionRoot<Of extends Role>(
  role: Of,
  entries: readonly LeafEntries[Of][],
  pages: PageStore,
): TreeRoot<Of> {
  return isOnePage(role, entries) ? entries : buildTree(role, entries, pages);
}

function isOnePage(role: Role, entries: readonly LeafEntries[Role][]): boolean {
  let most = entries.length * MOST_ENTRY_BYTES;
  if (role === 'map' && most < SHORTEST_PAGE_BYTES) {
    for (const [key] of entries as readonly LeafEntries['map'][]) most += key.length * MOST_BYTES_OF_UNIT;
  }
  return most < SHORTEST_PAGE_BYTES;
}
