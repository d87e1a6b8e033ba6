import {
  type AnyRecord,
  type CommitId,
  decodeRecord,
  encodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  recordLinks,
} from '@daggerml/object-model';

/** An object that some repository of a history has made. */
export interface SimObject {
  readonly class: ObjectClass;
  readonly id: ObjectId;
  readonly bytes: Uint8Array;
  readonly links: readonly string[];
}

/** Returns the key of an object. */
export function keyOf(objectClass: ObjectClass, id: ObjectId): string {
  return `${objectClass} ${id}`;
}

/** All objects of a history: real records, so that the real code reads and links them. */
export class Universe {
  readonly objects: Map<string, SimObject> = new Map();
  /** Records that stand for excised objects. */
  readonly tombstones: Map<string, Uint8Array> = new Map();
  readonly #records = new Map<string, AnyRecord>();
  readonly #closures = new Map<CommitId, ReadonlySet<string>>();
  readonly #keys = new Map<ObjectId, string>();

  put(record: AnyRecord): ObjectId {
    const bytes = encodeRecord(record);
    const id = hashBytes(bytes) as ObjectId;
    const objectClass = record.type as ObjectClass;
    const key = keyOf(objectClass, id);
    if (this.objects.has(key)) return id;
    const links = recordLinks(record).map((link) => keyOf(link.objectClass, link.id));
    this.objects.set(key, { class: objectClass, id, bytes, links });
    this.#keys.set(id, key);
    return id;
  }

  /** Excises a text everywhere: its tombstone is sent in its place. */
  exciseText(value: string): void {
    const objectId = this.put({ type: 'datum', kind: 'string', value } as never);
    const tombstone = {
      type: 'tombstone',
      objectClass: 'datum',
      objectId,
      reason: 'personal-data',
      message: '',
      actor: 'ada',
      timeMs: 1,
    } as const;
    this.tombstones.set(keyOf('datum', objectId), encodeRecord(tombstone as never));
  }

  /** Returns the key of an object by its id alone. */
  keyOfId(id: ObjectId): string | undefined {
    return this.#keys.get(id);
  }

  record(key: string): AnyRecord {
    let record = this.#records.get(key);
    if (record === undefined) {
      const { bytes, class: objectClass } = this.objects.get(key) as SimObject;
      record = decodeRecord(bytes, objectClass as Exclude<ObjectClass, 'chunk'>);
      this.#records.set(key, record);
    }
    return record;
  }

  /** Makes a commit of one dag for each text. */
  commit(texts: readonly string[], parentCommitIds: readonly CommitId[], timeMs: number): CommitId {
    const dags = texts.map((value, number) => {
      const datumId = this.put({ type: 'datum', kind: 'string', value } as never);
      const rootNodeId = this.put({ type: 'node', kind: 'literal', datumId } as never);
      return [`dag${number}`, this.put({ type: 'dag', rootNodeId, names: [] } as never)];
    });
    const treeId = this.put({ type: 'tree', dags } as never);
    return this.put({
      type: 'commit',
      treeId,
      parentCommitIds,
      pins: [],
      requests: [],
      author: 'ada',
      message: '',
      authoredMs: timeMs,
      committer: 'ada',
      committedMs: timeMs,
      detailsDatumId: null,
    } as never) as CommitId;
  }

  parents(commitId: CommitId): readonly CommitId[] {
    return (this.record(keyOf('commit', commitId)) as { parentCommitIds: readonly CommitId[] })
      .parentCommitIds;
  }

  /** Returns the keys of all that a commit reaches, each after what it links to. */
  closure(commitId: CommitId): ReadonlySet<string> {
    let closure = this.#closures.get(commitId);
    if (closure === undefined) {
      const keys = new Set<string>();
      for (const parent of this.parents(commitId)) for (const key of this.closure(parent)) keys.add(key);
      this.#visit(keyOf('commit', commitId), keys);
      closure = keys;
      this.#closures.set(commitId, closure);
    }
    return closure;
  }

  #visit(key: string, keys: Set<string>): void {
    if (keys.has(key)) return;
    for (const link of (this.objects.get(key) as SimObject).links) this.#visit(link, keys);
    keys.add(key);
  }

  isAncestor(ancestor: CommitId, commitId: CommitId): boolean {
    return this.closure(commitId).has(keyOf('commit', ancestor));
  }
}
