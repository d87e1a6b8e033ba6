import {
  type CommitId,
  decodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
} from '@daggerml/object-model';
import {
  type ByteStream,
  type ImportOptions,
  type ImportResult,
  type ObjectBlock,
  type OutgoingHost,
  type ReachedObjects,
  type Ref,
  type RefName,
  readCar,
  recordBlock,
  storeError,
} from '@daggerml/store';
import type { FetchHost } from '../../src/fetch/fetch-host.ts';
import { keyOf, type SimObject, type Universe } from './universe.ts';

/** CID codec of records. */
const DAG_CBOR = 0x71;

/** A repository in memory, as far as pushes, fetches and collections use one. */
export class SimStore {
  readonly universe: Universe;
  readonly keys: Set<string> = new Set();
  readonly refs: Map<RefName, CommitId> = new Map();

  readonly #hasAll: boolean;

  /** Creates a store; one that has all is asked by collections only. */
  constructor(universe: Universe, hasAll: boolean = false) {
    this.universe = universe;
    this.#hasAll = hasAll;
  }

  /** Returns this store as what the real code takes. */
  get host(): OutgoingHost & FetchHost {
    return this as never;
  }

  /** Takes a commit that was made here. */
  adopt(commitId: CommitId): CommitId {
    for (const key of this.universe.closure(commitId)) this.keys.add(key);
    return commitId;
  }

  has(objectClass: ObjectClass, id: ObjectId): boolean {
    return this.keys.has(keyOf(objectClass, id));
  }

  get(objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined {
    const key = keyOf(objectClass, id);
    if (this.universe.tombstones.has(key)) throw storeError('object_missing', { detail: 'excised' });
    return this.keys.has(key) ? this.universe.objects.get(key)?.bytes : undefined;
  }

  getRecord(objectClass: ObjectClass, id: ObjectId): unknown {
    const key = keyOf(objectClass, id);
    return this.keys.has(key) ? this.universe.record(key) : undefined;
  }

  getRef(name: RefName): Ref | undefined {
    const commitId = this.refs.get(name);
    return commitId && ({ name, commitId } as Ref);
  }

  readRefs(): Ref[] {
    return [...this.refs].map(([name, commitId]) => ({ name, commitId }) as Ref);
  }

  /** Returns none: nothing is left out or withheld here. */
  getStub(): undefined {
    return undefined;
  }

  countStubs(): { readonly objects: number; readonly commits: number } {
    return { objects: 0, commits: 0 };
  }

  hasLeftOut(): boolean {
    return false;
  }

  hasObjects(): boolean {
    return this.keys.size > 0;
  }

  hasWithheld(): boolean {
    return false;
  }

  transact(_: string, act: (transaction: unknown) => unknown): unknown {
    return act({
      getRef: (name: RefName) => this.getRef(name),
      updateRef: ({ ref, next }: { ref: RefName; next: CommitId | null }) => {
        if (next === null) this.refs.delete(ref);
        else this.refs.set(ref, next);
      },
    });
  }

  /** Yields what some commits reach and others, as far as they are here, do not. */
  async *outgoing(
    tips: readonly CommitId[],
    known: readonly CommitId[],
  ): AsyncGenerator<ObjectBlock, void, undefined> {
    const { universe } = this;
    const there = new Set<string>();
    for (const commitId of known)
      if (this.has('commit', commitId)) for (const key of universe.closure(commitId)) there.add(key);
    for (const commitId of tips)
      for (const key of universe.closure(commitId)) {
        if (there.has(key)) continue;
        there.add(key);
        const { class: objectClass, id, bytes } = universe.objects.get(key) as SimObject;
        const tombstone = universe.tombstones.get(key);
        if (tombstone !== undefined) {
          yield recordBlock(tombstone);
          continue;
        }
        if (!this.keys.has(key)) throw storeError('object_missing', { class: objectClass, objectId: id });
        yield { class: objectClass, link: { codec: DAG_CBOR, id }, bytes } as ObjectBlock;
      }
  }

  /** Returns what commits reach; throws where something of it is not here. */
  async reach(commitIds: readonly CommitId[]): Promise<ReachedObjects> {
    const reached = new Set<string>();
    for (const commitId of commitIds) for (const key of this.universe.closure(commitId)) reached.add(key);
    if (!this.#hasAll) this.#assertWhole(reached, 'object_missing');
    return {
      count: reached.size,
      has: (objectClass, id) => reached.has(keyOf(objectClass, id)),
      withheld: [],
      tombstones: [...this.universe.tombstones].flatMap(([key, bytes]) => (reached.has(key) ? [bytes] : [])),
    };
  }

  /** Takes a stream as the real import does: every record is hashed, and refs move once all they reach is here. */
  async receive(bytes: ByteStream, { mapRef }: ImportOptions): Promise<ImportResult> {
    const { sections } = await readCar(bytes);
    const moves: { ref: RefName; before: CommitId | null; after: CommitId }[] = [];
    for await (const { link, bytes: record } of sections) {
      if (hashBytes(record) !== link.id) throw storeError('transfer_invalid', { detail: 'hash' });
      const key = this.universe.keyOfId(link.id as ObjectId);
      if (key !== undefined) {
        this.keys.add(key);
        continue;
      }
      const read = decodeRecord(record);
      if (read.type === 'tombstone') continue;
      if (read.type !== 'ref') throw new Error(`a record that nobody has made: ${read.type}`);
      const ref = mapRef?.(read.name as RefName, read.commitId as CommitId);
      if (ref !== undefined)
        moves.push({ ref, before: this.refs.get(ref) ?? null, after: read.commitId as CommitId });
    }
    for (const { after } of moves) this.#assertWhole(this.universe.closure(after), 'transfer_invalid');
    for (const { ref, after } of moves) this.refs.set(ref, after);
    const objects = {} as ImportResult['objects'];
    return { state: 'applied', refs: moves, objects, tombstones: 0, stubs: 0, leftOut: 0 };
  }

  #assertWhole(keys: ReadonlySet<string>, code: 'object_missing' | 'transfer_invalid'): void {
    for (const key of keys)
      if (!this.keys.has(key) && !this.universe.tombstones.has(key)) {
        const { class: objectClass, id } = this.universe.objects.get(key) as SimObject;
        const detail = code === 'transfer_invalid' ? { detail: 'incomplete' } : {};
        throw storeError(code, { ...detail, class: objectClass, objectId: id });
      }
  }
}
