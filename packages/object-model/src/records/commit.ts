import { fail } from '../errors.ts';
import type { CommitId } from '../ids.ts';
import { checkText } from '../text/text.ts';
import {
  checkCount,
  checkFieldCount,
  type Fields,
  linkTo,
  readArray,
  readCount,
  readLink,
  readText,
} from './fields.ts';
import type { CommitRecord } from './record-types.ts';
import { readRoot, rootValue } from './root.ts';

/** Most parents of a commit. */
const MAX_PARENTS = 16;
/**
 * Longest author of a commit, in bytes.
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
 * Yields the fields of a commit, checked.
 *
 * @spec DML-OBJ-1401
 */
export function commitFields(commit: CommitRecord): Fields {
  return [
    linkTo('tree', commit.treeId),
    checkParents(commit.parentCommitIds).map((parent) => linkTo('commit', parent)),
    rootValue('pins', commit.pins),
    rootValue('requests', commit.requests),
    checkText(commit.author, MAX_AUTHOR_BYTES),
    checkText(commit.message, MAX_MESSAGE_BYTES),
    checkCount(commit.timeMs),
  ];
}

/** Reads a commit from its fields. */
export function readCommit(fields: Fields): CommitRecord {
  checkFieldCount(fields, 7);
  return {
    type: 'commit',
    treeId: readLink(fields[0], 'tree'),
    parentCommitIds: checkParents(readArray(fields[1]).map((parent) => readLink(parent, 'commit'))),
    pins: readRoot('pins', fields[2]),
    requests: readRoot('requests', fields[3]),
    author: readText(fields[4], MAX_AUTHOR_BYTES),
    message: readText(fields[5], MAX_MESSAGE_BYTES),
    timeMs: readCount(fields[6]),
  };
}

function checkParents(parents: readonly CommitId[]): readonly CommitId[] {
  if (!Array.isArray(parents)) fail('field_type', { expected: 'array' });
  // @spec DML-OBJ-1403
  if (parents.length > MAX_PARENTS) fail('parent_count', { count: parents.length, most: MAX_PARENTS });
  // @spec DML-OBJ-1404
  if (new Set(parents).size !== parents.length) fail('parents_repeat');
  return parents;
}
