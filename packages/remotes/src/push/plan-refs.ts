import type { CommitId } from '@daggerml/object-model';
import {
  commitGraph,
  isAncestor,
  type ObjectReader,
  parseRefName,
  presentCommits,
  type RefName,
} from '@daggerml/store';
import { remoteError } from '../errors.ts';
import type { RemoteState } from '../format/state.ts';

/** A ref that is to move on a remote. */
export interface RefPush {
  /** A branch or tag of the remote. */
  readonly ref: RefName;
  /** Null deletes it. */
  readonly commitId: CommitId | null;
  /**
   * Moves the ref also to a commit that is no descendant, as long as it is where it is expected: at this commit, or
   * absent for null.
   */
  readonly lease?: CommitId | null | undefined;
}

/** A ref that moves on a remote. */
export interface RefMove {
  readonly ref: RefName;
  readonly before: CommitId | null;
  readonly after: CommitId | null;
  readonly kind: 'new' | 'forward' | 'forced' | 'deleted';
}

/** Moves of refs, and the refs of the next state. */
export interface RefPlan {
  readonly moves: readonly RefMove[];
  readonly refs: RemoteState['refs'];
}

/** Returns the name of a branch or tag as a state has it: `heads/main`. */
function stateRef(ref: RefName): string {
  return ref.slice('refs/'.length);
}

/**
 * Decides which refs move; throws `push_not_fast_forward` and `push_stale` where one may not. Refs that are in place
 * are no moves.
 */
export function planRefs(
  state: Pick<RemoteState, 'refs'>,
  pushes: readonly RefPush[],
  { reader, remote }: { readonly reader: Pick<ObjectReader, 'getRecord'>; readonly remote: string },
): RefPlan {
  const refs: Record<string, CommitId> = { ...state.refs };
  const moves: RefMove[] = [];
  for (const push of pushes) {
    const key = stateRef(push.ref);
    const before = Object.hasOwn(state.refs, key) ? (state.refs[key] as CommitId) : null;
    const kind = kindOf(push, before, { reader, remote });
    if (kind === undefined) continue;
    moves.push({ ref: push.ref, before, after: push.commitId, kind });
    if (push.commitId === null) delete refs[key];
    else refs[key] = push.commitId;
  }
  return { moves, refs };
}

/** Returns how a ref moves, undefined where it is in place. */
function kindOf(
  { ref, commitId, lease }: RefPush,
  before: CommitId | null,
  { reader, remote }: { readonly reader: Pick<ObjectReader, 'getRecord'>; readonly remote: string },
): RefMove['kind'] | undefined {
  if (before === commitId) return undefined;
  const parts = parseRefName(ref) as { readonly kind: string; readonly name: string };
  const { kind, name: branch } = parts;
  // @spec DML-REM-0811
  if (lease !== undefined && lease !== before)
    throw remoteError('push_stale', {
      remote,
      branch,
      ref,
      actual: before ?? 'none',
      expected: lease ?? 'none',
      detail: kind,
    });
  if (before === null) return 'new';
  // @spec DML-REM-0819
  if (commitId === null) return 'deleted';
  // @spec DML-REM-1885
  if (kind === 'heads' && isDescendant(reader, before, commitId)) return 'forward';
  // @spec DML-REM-0802
  if (lease === undefined) throw remoteError('push_not_fast_forward', { remote, branch, ref, detail: kind });
  return 'forced';
}

/** Checks whether a commit follows another; of one that a fetch which was cut has left without its history, it does not. */
function isDescendant(
  reader: Pick<ObjectReader, 'getRecord'>,
  before: CommitId,
  commitId: CommitId,
): boolean {
  // What is pushed has to be here.
  commitGraph(reader).readCommit(commitId);
  return (
    reader.getRecord('commit', before) !== undefined && isAncestor(presentCommits(reader), before, commitId)
  );
}
