import type { CommitId } from '@daggerml/object-model';
import {
  type ByteStream,
  commitGraph,
  ifReadable,
  importCar,
  isAncestor,
  parseRefName,
  type ReceivedCounts,
  type RefName,
  remoteRef,
  type Store,
} from '@daggerml/store';

/** Options for taking the content of a bundle into a repository. */
export interface UnbundleOptions {
  readonly actor: string;
  readonly reason: string;
  /** Takes branches as tracking refs of this remote, wherever these are; as branches without it. */
  readonly remoteName?: string | undefined;
  readonly acceptExcisions?: boolean | undefined;
  readonly onProgress?: (counts: Readonly<ReceivedCounts>) => void;
}

/** A ref of a bundle, and what became of it. */
export interface BundledRef {
  /** Name in the bundle. */
  readonly ref: RefName;
  readonly commitId: CommitId;
  /**
   * `moved`, also of a new one; `same` where it was there already; `contained` where the branch here has more commits;
   * `kept` for a tag that is another one here; `left-out` for what is neither a branch nor a tag.
   */
  readonly state: 'moved' | 'same' | 'contained' | 'kept' | 'left-out';
  /** Ref here, and its commit before; null for one that was not there. */
  readonly target: RefName;
  readonly before: CommitId | null;
}

/** Result of taking a bundle into a repository; refused refs leave every ref as it was. */
export type Unbundled =
  | {
      readonly state: 'applied';
      readonly refs: readonly BundledRef[];
      readonly objects: Readonly<ReceivedCounts>;
      readonly tombstones: number;
      readonly stubs: number;
    }
  | {
      readonly state: 'refused';
      readonly refs: readonly {
        readonly ref: RefName;
        readonly before: CommitId | null;
        readonly after: CommitId;
        readonly reason: 'not_descendant' | 'moved';
      }[];
    };

/**
 * Takes the objects of a bundle, then its branches and tags: branches where they move forward, or as tracking refs.
 * Taking it again is harmless and completes what was cut off. Throws as `importCar`.
 */
export async function unbundle(
  store: Store,
  stream: ByteStream,
  { actor, reason, remoteName, acceptExcisions, onProgress }: UnbundleOptions,
): Promise<Unbundled> {
  const refs = new Map<RefName, BundledRef>();
  // @spec DML-CLI-2038
  const result = await importCar(store, stream, {
    actor,
    reason,
    ...(onProgress && { onProgress }),
    // Tracking refs follow their remote.
    force: remoteName !== undefined,
    acceptWithheld: true,
    acceptExcisions: acceptExcisions === true,
    mapRef: (ref, commitId) => {
      const target = targetOf(ref, remoteName);
      const before = (target && store.getRef(target)?.commitId) ?? null;
      const state = stateOf(store, { target, before, commitId });
      refs.set(ref, { ref, commitId, state, target: target ?? ref, before });
      return state === 'moved' || state === 'same' ? target : undefined;
    },
  });
  if (result.state === 'refused') return { state: 'refused', refs: result.refs };
  const { objects, tombstones, stubs } = result;
  return { state: 'applied', refs: [...refs.values()], objects, tombstones, stubs };
}

/** Returns the ref that a ref of a bundle is taken as; undefined for what is neither a branch nor a tag. */
function targetOf(ref: RefName, remoteName: string | undefined): RefName | undefined {
  const parts = parseRefName(ref);
  // @spec DML-CLI-2031
  if (parts.kind === 'heads') return remoteName === undefined ? ref : remoteRef(remoteName, parts.name);
  // @spec DML-CLI-2033
  return parts.kind === 'tags' ? ref : undefined;
}

function stateOf(
  store: Store,
  {
    target,
    before,
    commitId,
  }: {
    readonly target: RefName | undefined;
    readonly before: CommitId | null;
    readonly commitId: CommitId;
  },
): BundledRef['state'] {
  if (target === undefined) return 'left-out';
  if (before === commitId) return 'same';
  if (before === null) return 'moved';
  const { kind } = parseRefName(target);
  // @spec DML-CLI-2032
  if (kind === 'tags') return 'kept';
  // History that cannot be read to its end is no reason to leave a branch where it is.
  const isContained = kind === 'heads' && ifReadable(() => isAncestor(commitGraph(store), commitId, before));
  // @spec DML-CLI-2034
  return isContained === true ? 'contained' : 'moved';
}
