/**
 * Workaround for lmdb 3.5.6: `mdb_page_flush` prints a refused write into 100 bytes with `sprintf`, three sizes of
 * which it may have set only one (docs/decisions/0017-refused-writes.md). Can go when the engine limits the text.
 */

/** Depth of the stack at which the engine writes pages: saving the list of free pages alone takes 101 KB. */
const CLEARED_BYTES = 112 * 1024;

/**
 * Numbers as they lie on the stack: one word each, the number in its upper half.
 *
 * Of a size the engine prints the lower half, which is zero. A word that is zero as a whole it takes for the size of an
 * entry of its list of free pages that it has looked for and not found, and refuses the commit (`mdb_freelist_save`).
 *
 * @spec DML-STO-1660
 */
const ONES: readonly number[] = new Array<number>(CLEARED_BYTES / 8).fill(1);

function takeAll(): void {}

/**
 * Fills the unused part of the stack below the caller with words whose lower half is zero.
 *
 * What else lies there, often an address of ten digits, makes the text of the engine too long; a zero takes one digit.
 */
export function clearStackBelow(): void {
  try {
    Reflect.apply(takeAll, undefined, ONES);
  } catch (error) {
    // So deep in recursion there is nothing to clear; the commit goes on.
    if (!(error instanceof RangeError)) throw error;
  }
}
