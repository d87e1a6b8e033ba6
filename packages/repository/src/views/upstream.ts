import type { CommitId } from '@daggerml/object-model';
import {
  type AheadBehind,
  aheadBehind,
  type CommitNode,
  ifReadable,
  parseRefName,
  type RefName,
  remoteRef,
} from '@daggerml/store';
import type { RecordReader } from '../workspace/record-reader.ts';

/** Remote whose branch counts where several have one of a name. */
const FIRST_REMOTE = 'origin';

/** A branch of a remote, as it was when it was fetched or pushed last, against the branch of that name here. */
export interface Upstream extends AheadBehind {
  /** Tracking ref as people name it: `origin/main`. */
  readonly name: string;
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
  // @spec DML-CLI-2051
  const first = store.getRef(remoteRef(FIRST_REMOTE, parts.name));
  const others = first === undefined ? trackingRefs(reader, parts.name) : [first];
  const [tracked] = others;
  if (tracked === undefined || others.length > 1) return undefined;
  // History ends where it cannot be read: at what was excised or left out.
  const readCommit = (commitId: CommitId): CommitNode =>
    ifReadable(() => reader.read('commit', commitId)) ?? {
      parentCommitIds: [],
      committedMs: Number.POSITIVE_INFINITY,
    };
  return {
    name: tracked.name.slice('refs/remotes/'.length),
    commitId: tracked.commitId,
    ...aheadBehind({ readCommit }, ours, tracked.commitId),
  };
}

function trackingRefs({ store }: RecordReader, name: string): ReturnType<typeof store.readRefs> {
  return store.readRefs('remotes').filter((ref) => {
    const parts = parseRefName(ref.name);
    return parts.kind === 'remotes' && parts.name === name;
  });
}
