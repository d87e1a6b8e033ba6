/**
 * Most parents of a commit.
 *
 * @spec DML-OBJ-1403
 */
export const MAX_PARENTS = 16;
/**
 * Longest author or committer of a commit and actor of a tombstone, in bytes.
 *
 * @spec DML-OBJ-1405
 */
export const MAX_AUTHOR_BYTES = 255;
/**
 * Longest message of a commit or tombstone, in bytes.
 *
 * @spec DML-OBJ-1406
 */
export const MAX_MESSAGE_BYTES = 65_536;
/**
 * Longest name of a domain in a stub, in bytes.
 *
 * @spec DML-OBJ-1812
 */
export const MAX_DOMAIN_BYTES = 255;
