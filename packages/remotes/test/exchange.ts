import type { CommitId } from '@daggerml/object-model';
import { type RefName, remoteRef, type Store } from '@daggerml/store';
import { type FetchOptions, type FetchResult, fetch } from '../src/fetch/fetch.ts';
import type { RefPush } from '../src/push/plan-refs.ts';
import { type PushOptions, type PushResult, push } from '../src/push/push.ts';
import { MemoryRemote } from '../src/testing/memory-remote.ts';
import { MAIN, newPlace, type Place, remoteOver } from './fixtures.ts';
import { type OnRequest, type WatchedFiles, watchedFiles } from './watched-files.ts';

/** A repository and its way to a remote. */
export interface Member extends Place {
  readonly files: WatchedFiles;
  push(pushes?: readonly RefPush[], options?: Partial<PushOptions>): Promise<PushResult>;
  fetch(options?: Partial<FetchOptions>): Promise<FetchResult>;
  /** Returns the commit of the tracking ref of a branch. */
  tracked(branch?: string): CommitId | undefined;
}

let members = 0;

/** Creates a repository that knows a remote as `origin`. */
export async function joinRemote(remote: MemoryRemote, onRequest?: OnRequest): Promise<Member> {
  return memberOf(await newPlace(), remote, onRequest);
}

/** Creates a way from a repository to a remote. */
export function memberOf(place: Place, remote: MemoryRemote, onRequest?: OnRequest): Member {
  const files = watchedFiles(remote.open(), onRequest);
  members += 1;
  const own = remoteOver(files, members);
  return {
    ...place,
    files,
    push: (pushes = [toMain(place.store)], options = {}) =>
      push(own, { ...place, remoteName: 'origin', pushes, ...options }),
    fetch: (options = {}) => fetch(own, { ...place, remoteName: 'origin', ...options }),
    tracked: (branch = 'main') => place.store.getRef(remoteRef('origin', branch))?.commitId,
  };
}

/** Returns the push of a branch to the one of the same name. */
export function toMain(store: Store, ref: RefName = MAIN): RefPush {
  return { ref, commitId: store.getRef(ref)?.commitId ?? null };
}

export function newRemote(): MemoryRemote {
  return new MemoryRemote();
}
