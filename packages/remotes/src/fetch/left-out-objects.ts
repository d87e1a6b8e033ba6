import { type CommitId, decodeRecord, type ObjectClass } from '@daggerml/object-model';
import { importCar, isLeftOut, type StubFacts, type Transactor } from '@daggerml/store';
import { remoteError } from '../errors.ts';
import { type Absence, type Absences, absenceKey, readAbsences } from '../format/absences.ts';
import { type Link, LinkSet } from '../format/link.ts';
import { sectionOf } from '../format/segment.ts';
import type { Remote } from '../remote.ts';
import { onState } from '../state/on-state.ts';
import { type RemoteSnapshot, readSince } from '../state/read-snapshot.ts';
import { closureObjects, type WalkRoot } from './closure-sections.ts';
import { type FetchHost, isLeftOutHere } from './fetch-host.ts';
import { type FetchCounts, type FetchSource, streamHead } from './fetch-stream.ts';
import { GroupIndexes } from './group-indexes.ts';

/** Stubs that are filled by one import, and commits that it goes back from each. */
const ROOTS_TOGETHER = 10_000;
const COMMITS_TOGETHER = 256;
const DEPTH_TOGETHER = 1_000;

/** A store whose gaps are filled, and what is brought. */
export interface BringOptions {
  readonly store: FetchHost;
  /** Decides by the domain of a stub whether all that was left out includes it; everything by default. */
  readonly isWanted?: ((domain: string) => boolean) | undefined;
  /** Largest blob whose content comes along; all by default. */
  readonly blobLimitBytes?: number | undefined;
  readonly onProgress?: ((counts: Readonly<FetchCounts>) => void) | undefined;
}

/** Position of the objects of a state. */
interface KnownState {
  readonly snapshot: RemoteSnapshot;
  readonly indexes: GroupIndexes;
  readonly absences: Absences;
}

/**
 * Objects of a remote that a repository has left out, brought when they are asked for. Reads the index objects of the remote once
 * for as long as its state stays.
 */
export class LeftOutObjects {
  readonly #remote: Remote;
  readonly #options: BringOptions;
  readonly counts: FetchCounts = { requests: 0, bytes: 0, objects: 0 };
  #known: KnownState | undefined;

  constructor(remote: Remote, options: BringOptions) {
    this.#remote = remote;
    this.#options = options;
  }

  /**
   * Brings objects with all that they reach; commits without what lies behind them by more than their depth. Nothing
   * of it takes the place of a stub before all that it reaches is here.
   *
   * Throws `remote_missing` with `object` for what the remote does not have any more, `remote_damaged` for what does
   * not hash to its id, and what the remote's files throw.
   */
  async bring(roots: readonly WalkRoot[]): Promise<void> {
    const { files } = this.#remote;
    if (roots.length === 0) return;
    const before = this.#known?.snapshot;
    const { snapshot, isRecalled } = await readSince(files, before);
    this.counts.requests += isRecalled ? 1 : 2;
    if (snapshot.version === null) throw remoteError('remote_missing', { remote: files.name });
    await onState(files, snapshot, async (state) => await this.#bringFrom(await this.#know(state), roots));
  }

  /** Brings the history behind the newest commits; `depth` counts from the given commits, and is all by default. */
  async deepen(tips: readonly CommitId[], depth: number): Promise<void> {
    const roots = leftOutWithin(this.#options.store, tips, depth);
    for (let at = 0; at < roots.length; at += COMMITS_TOGETHER)
      await this.bring(roots.slice(at, at + COMMITS_TOGETHER));
  }

  /** Brings all commits that were left out. */
  async unshallow(): Promise<void> {
    // Some at a time: what an import fills it holds in memory until its end. @spec DML-REM-0953
    for (;;) {
      const roots = this.#leftOut('commit', COMMITS_TOGETHER);
      if (roots.length === 0) return;
      await this.bring(roots.map((root) => ({ ...root, depth: DEPTH_TOGETHER })));
    }
  }

  /** Brings everything that was left out. */
  async bringAll(): Promise<void> {
    await this.unshallow();
    for (;;) {
      const roots = this.#leftOut(undefined, ROOTS_TOGETHER);
      // @spec DML-REM-0954
      if (roots.length === 0) return;
      await this.bring(roots);
    }
  }

  #leftOut(objectClass: ObjectClass | undefined, limit: number): Link[] {
    const found: Link[] = [];
    const { store, isWanted = () => true } = this.#options;
    for (const stub of store.iterateStubs(objectClass)) {
      if (isLeftOut(stub.domain) && isWanted(stub.domain))
        found.push({ class: stub.class, id: stub.objectId });
      if (found.length === limit) break;
    }
    return found;
  }

  async #know(snapshot: RemoteSnapshot): Promise<KnownState> {
    if (this.#known?.snapshot.name === snapshot.name) return this.#known;
    const { files } = this.#remote;
    const groups = snapshot.state.groups.filter(({ kind }) => kind !== 'cache');
    const indexes = await GroupIndexes.read(this.#source, groups);
    const absences = await readAbsences(files, snapshot.state.absences);
    this.#known = { snapshot, indexes, absences };
    return this.#known;
  }

  get #source(): FetchSource {
    const { onProgress } = this.#options;
    return { files: this.#remote.files, counts: this.counts, onProgress };
  }

  async #bringFrom(known: KnownState, roots: readonly WalkRoot[]): Promise<void> {
    const { store } = this.#options;
    // @spec DML-REM-0952
    const sections = this.#sections(known, roots);
    const stream = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield* streamHead([], new Map());
      yield* sections;
    };
    await importCar(store, stream(), {
      actor: this.#remote.actor,
      reason: 'bring what was left out',
      acceptWithheld: true,
    });
  }

  /** Yields what roots reach, then, once stubs stand for what stays out, the roots themselves. */
  async *#sections(
    { indexes, absences }: KnownState,
    roots: readonly WalkRoot[],
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { store, blobLimitBytes } = this.#options;
    const leftOut = new LinkSet();
    const missing = new LinkSet();
    const isRoot = new LinkSet();
    for (const root of roots) isRoot.add(root);
    const last: Uint8Array[] = [];
    const objects = closureObjects({
      source: this.#source,
      indexes,
      roots,
      get: (objectClass, id) => store.get(objectClass, id),
      isWhole: () => false,
      isLeftOut: (link) => isLeftOutHere(store, link),
      leftOut,
      missing,
      blobLimitBytes,
    });
    for await (const object of objects) {
      // Whoever is here is reached by refs, so all that it reaches has to be here before it.
      if (object.class !== 'chunk' && isRoot.has(object)) last.push(sectionOf(object));
      else yield sectionOf(object);
    }
    // Those below stubs are of the same domain and time.
    const above = roots.map(({ class: objectClass, id }) => store.getStub(objectClass, id)).find(Boolean);
    const stubs: StubFacts[] = [];
    for (const link of missing) {
      const absence = absences.get(absenceKey(link.class, link.id));
      if (absence === undefined || isRoot.has(link)) throw this.#missingError(link, absence);
      stubs.push(...stubBelow(above, link, absence));
    }
    for (const link of leftOut) stubs.push(...stubBelow(above, link, undefined));
    putStubs(store, stubs);
    yield* last;
  }

  #missingError({ class: objectClass, id }: Link, absence: Absence | undefined): Error {
    // @spec DML-REM-0960
    const isExcised = absence?.record.type === 'tombstone';
    return remoteError('remote_missing', {
      remote: this.#remote.files.name,
      class: objectClass,
      objectId: id,
      ...(isExcised && { reason: 'it was excised there' }),
      detail: 'object',
    });
  }
}

/** Returns the stub of what stays out below an object that was left out; none where that has come by now. */
function stubBelow(
  above: StubFacts | undefined,
  { class: objectClass, id }: Link,
  absence: Absence | undefined,
): StubFacts[] {
  const facts = absence?.record.type === 'stub' ? absence.record : above;
  if (facts === undefined) return [];
  return [{ class: objectClass, objectId: id, domain: facts.domain, timeMs: facts.timeMs }];
}

/** Puts stubs for what is neither here nor known to be withheld. */
function putStubs(store: FetchHost & Transactor, stubs: readonly StubFacts[]): void {
  for (let at = 0; at < stubs.length; at += ROOTS_TOGETHER)
    store.transact('import/left-out', (transaction) => {
      for (const stub of stubs.slice(at, at + ROOTS_TOGETHER))
        if (store.getStub(stub.class, stub.objectId) === undefined) transaction.putStub(stub);
    });
}

/** Returns the commits that were left out among the newest ones of some, with the number to bring from each on. */
function leftOutWithin(store: FetchHost, tips: readonly CommitId[], depth: number): WalkRoot[] {
  const roots: WalkRoot[] = [];
  const seen = new LinkSet();
  let level = tips;
  for (let left = depth; left > 0 && level.length > 0; left -= 1) {
    const parents: CommitId[] = [];
    for (const id of level) {
      const link = { class: 'commit', id } as const;
      if (!seen.add(link)) continue;
      const bytes = bytesUnlessExcised(store, id);
      if (bytes !== undefined) parents.push(...decodeRecord(bytes, 'commit').parentCommitIds);
      else if (isLeftOutHere(store, link)) roots.push({ ...link, depth: left });
    }
    level = parents;
  }
  return roots;
}

function bytesUnlessExcised(store: FetchHost, id: CommitId): Uint8Array | undefined {
  try {
    return store.get('commit', id);
  } catch (error) {
    if ((error as { detail?: unknown }).detail === 'excised') return undefined;
    throw error;
  }
}
