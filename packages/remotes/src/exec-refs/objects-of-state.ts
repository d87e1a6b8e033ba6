import { GroupIndexes } from '../fetch/group-indexes.ts';
import { IndexMemory } from '../fetch/index-memory.ts';
import type { GroupEntry } from '../format/group.ts';
import type { Link } from '../format/link.ts';
import type { Remote } from '../remote.ts';
import { onState } from '../state/on-state.ts';
import type { RemoteSnapshot } from '../state/read-snapshot.ts';

/** Objects that the state of a remote has: whoever reads an exec ref can take them from there. */
export class ObjectsOfState {
  readonly #remote: Remote;
  readonly #memory = new IndexMemory();
  #known: { readonly name: string | null; readonly indexes: GroupIndexes } | undefined;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /**
   * Returns the group that has an object; undefined where there is none. Reads the index objects of the state once, and those
   * that a later state has besides where they lack something.
   */
  async groupOf(link: Link, snapshot: RemoteSnapshot): Promise<GroupEntry | undefined> {
    const known = this.#known?.indexes.groupOf(link.class, link.id);
    if (known !== undefined || this.#known?.name === snapshot.name) return known;
    const { files } = this.#remote;
    const source = { files, counts: { requests: 0, bytes: 0, objects: 0 } };
    const { base, result } = await onState(files, snapshot, ({ state }) => {
      const groups = state.groups.filter(({ kind }) => kind === 'objects' || kind === 'loose');
      return GroupIndexes.read(source, groups, this.#memory);
    });
    this.#known = { name: base.name, indexes: result };
    return result.groupOf(link.class, link.id);
  }

  /** Forgets what was read: files of it may be gone. */
  forget(): void {
    this.#known = undefined;
  }
}
