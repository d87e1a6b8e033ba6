import type { CommitId } from '@daggerml/object-model';
import {
  type AheadBehind,
  aheadBehind,
  type CommitNode,
  ifReadable,
  parseRefName,
  type Ref,
  type RefName,
  remoteRef,
  type Store,
} from '@daggerml/store';
import type { RecordReader } from '../workspace/record-reader.ts';

/** Remote whose branch counts where several have one of a name. */
const FIRST_REMOTE = 'origin';

/** A branch of a remote, as it was when it was fetched or pushed last, against the branch of that name here. */
export interface Upstream extends AheadBehind {
  /** Tracking ref as people name it: `origin/main`. */
  readonly name: string;
  /** Name of the remote, which a tracking ref of a bundle may have made up. */
  readonly remote: string;
  readonly commitId: CommitId;
}

/**
 * Compares a branch with the tracking ref of that name: of `origin`, or else of the only remote that has one. Undefined
 * without such a ref, and for a branch without a commit.
 */
export function upstreamOf(reader: RecordReader, branch: RefName): Upstream | undefined {
  const { store } = reader;
  const parts = parseRefName(branch);
  const ours = store.getRef(branch)?.commitId;
  if (ours === undefined || parts.kind !== 'heads') return undefined;
  const tracked = trackingRefOf(store, parts.name);
  if (tracked === undefined) return undefined;
  // History ends where it cannot be read: at what was excised or left out.
  const readCommit = (commitId: CommitId): CommitNode =>
    ifReadable(() => reader.read('commit', commitId)) ?? {
      parentCommitIds: [],
      committedMs: Number.POSITIVE_INFINITY,
    };
  const name = tracked.name.slice('refs/remotes/'.length);
  return {
    name,
    remote: name.split('/', 1)[0] as string,
    commitId: tracked.commitId,
    ...aheadBehind({ readCommit }, ours, tracked.commitId),
  };
}

/** Returns the tracking ref of a branch by its name; undefined where there is none, or several other than of `origin`. */
export function trackingRefOf(store: Store, branch: string): Ref | undefined {
  // @spec DML-CLI-2051
  const first = store.getRef(remoteRef(FIRST_REMOTE, branch));
  if (first !== undefined) return first;
  const [only, ...others] = store.readRefs('remotes').filter((ref) => {
    const parts = parseRefName(ref.name);
    return parts.kind === 'remotes' && parts.name === branch;
  });
  return others.length === 0 ? only : undefined;
}
