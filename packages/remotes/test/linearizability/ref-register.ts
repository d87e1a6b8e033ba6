import type { CommitId } from '@daggerml/object-model';
import type { Model } from './wgl.ts';

/** Refs of a remote, by name. */
export type Refs = Readonly<Record<string, CommitId>>;

/** Something that a process did with a remote, and what it was told. */
export interface WorkEntry {
  readonly kind: 'push' | 'fetch' | 'collect';
  /** Targets of a push by ref. */
  readonly pushes: Refs;
  /** Refs of the remote after it; undefined where the process was told that it was refused, or nothing. */
  readonly refs: Refs | undefined;
  readonly isRefused: boolean;
}

/** Returns the refs of a remote as a register: what pushes, fetches and collections do with them one after another. */
export function refRegister(
  isAncestor: (ancestor: CommitId, commitId: CommitId) => boolean,
): Model<Refs, WorkEntry> {
  return {
    initial: {},
    step: (state, { kind, pushes, refs, isRefused }) => {
      const mayMove = Object.entries(pushes).every(([ref, commitId]) => {
        const before = state[ref];
        return before === undefined || isAncestor(before, commitId);
      });
      if (isRefused) return mayMove ? undefined : state;
      if (!mayMove) return undefined;
      const after = kind === 'push' ? { ...state, ...pushes } : state;
      return refs === undefined || describeRefs(refs) === describeRefs(after) ? after : undefined;
    },
    describe: describeRefs,
  };
}

function describeRefs(refs: Refs): string {
  return Object.entries(refs)
    .map(([ref, commitId]) => `${ref} ${commitId}`)
    .sort()
    .join();
}
