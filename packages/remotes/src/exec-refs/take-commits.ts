import type { CommitId, ObjectClass, ObjectId } from '@daggerml/object-model';
import { execRef, type ImportHost, importCar } from '@daggerml/store';
import { closureSections } from '../fetch/closure-sections.ts';
import { streamHead } from '../fetch/fetch-stream.ts';
import { IndexMemory } from '../fetch/index-memory.ts';
import type { GroupEntry } from '../format/group.ts';
import { LinkSet } from '../format/link.ts';
import type { Remote } from '../remote.ts';

/** A store that takes what exec refs reach. */
export interface CommitHost extends ImportHost {
  get(objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined;
}

/** A commit of an exec ref, to be taken. */
export interface CommitToTake {
  readonly executionUuid: string;
  readonly commitId: CommitId;
  readonly groups: readonly GroupEntry[];
}

/** Objects that are remembered as whole. */
const MAX_WHOLE = 2_000_000;

/** Takes what commits of exec refs reach into a store, under its own exec refs. */
export class CommitTaker {
  readonly #remote: Remote;
  readonly #host: CommitHost;
  /** Objects that are here with all that they reach. */
  #whole = new LinkSet();
  /** Jobs may name the same groups of the state. */
  readonly #memory = new IndexMemory();

  constructor(remote: Remote, host: CommitHost) {
    this.#remote = remote;
    this.#host = host;
  }

  /**
   * Takes commits with all that they reach and moves the exec refs of the store to them, all of them or none. Returns the bytes
   * that were read.
   *
   * Throws `transfer_invalid` where a group lacks an object or holds another one, `remote_damaged`, and `FileGone` for a
   * file that a collection has removed.
   *
   * @spec DML-REM-1808
   */
  async take(commits: readonly CommitToTake[]): Promise<number> {
    const host = this.#host;
    if (this.#whole.size > MAX_WHOLE) this.#whole = new LinkSet();
    const met = new LinkSet();
    const groups = new Map(commits.flatMap((each) => each.groups).map((group) => [group.index, group]));
    const counts = { requests: 0, bytes: 0, objects: 0 };
    const sections = closureSections({
      source: { files: this.#remote.files, counts },
      memory: this.#memory,
      groups: [...groups.values()],
      commitIds: commits.map(({ commitId }) => commitId),
      get: (objectClass, id) => host.get(objectClass, id),
      isWhole: (link) => {
        if (this.#whole.has(link)) return true;
        met.add(link);
        return false;
      },
    });
    const refs = commits.map(({ executionUuid, commitId }) => ({ ref: execRef(executionUuid), commitId }));
    const stream = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield* streamHead(refs, new Map());
      yield* sections;
    };
    const reason = 'exec refs of a remote';
    const taken = await importCar(host, stream(), { actor: this.#remote.actor, reason, force: true });
    if (taken.state === 'applied') this.#whole.addAll(met);
    return counts.bytes;
  }

  /** Forgets what is here, since the store is another one or has been collected. */
  forget(): void {
    this.#whole = new LinkSet();
  }
}
