import {
  type DagId,
  decodeRecord,
  type NodeId,
  OBJECT_CLASS_NUMBERS,
  type ObjectClass,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { readRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import type { ObjectName } from '../excision/plan.ts';
import { assertReadable } from '../objects/objects.ts';
import { absentError, isLeftOut, readStub } from '../objects/stubs.ts';
import {
  CLASS_BYTES,
  describeKey,
  idOfKey,
  OBJECT_KEY_BYTES,
  objectKey,
  parseObjectKey,
} from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { nextTurn } from '../walk/run-steps.ts';
import type { ExportHost } from './export.ts';
import { inLinkOrder } from './link-order.ts';
import { type ObjectBlock, objectBlock } from './object-block.ts';

/** Objects looked at before the event loop turns. */
const STEP_OBJECTS = 10_000;

/** Choice of what a domain leaves out of what it publishes. */
export interface WithholdPolicy {
  /** Blobs of more bytes are withheld. */
  readonly blobsAboveBytes?: number | undefined;
  /**
   * Check by name for dags that are withheld, with those of their nodes and outcomes that no other dag has. A value that a
   * call of another dag took as an input goes with that call.
   */
  readonly isDagWithheld?: ((name: string) => boolean) | undefined;
  /** Objects that are withheld wherever they stand. */
  readonly objects?: readonly ObjectName[] | undefined;
}

/** A closure that is to be published. */
export interface ClosureRequest {
  readonly roots: readonly ObjectName[];
  readonly policy: WithholdPolicy;
  /** Roots that the receiver has, with all that they reach but for what it knows to be withheld. */
  readonly known: readonly ObjectName[];
  readonly isWithheldThere: (object: ObjectName) => boolean;
  /** Objects that this domain itself withholds there; what others withhold is theirs to release. */
  readonly ownWithheld?: readonly ObjectName[] | undefined;
}

/** Dag of a publication, under the name by which an earlier one withheld it or one like it. */
export interface ReleasedDag {
  readonly name: string;
  readonly dagId: DagId;
}

/** Objects of a publication, and those left out of it. */
export interface PublishedClosure {
  /** Objects that are withheld, and that an object which is published links to. */
  readonly withheld: readonly ObjectName[];
  /** Objects that the policy withholds and the receiver has from before. */
  readonly sharedBefore: readonly ObjectName[];
  /** Dags that were withheld under these names and that the policy does not withhold. */
  readonly releasedDags: readonly ReleasedDag[];
  /** Other objects that were withheld and that the policy does not withhold. */
  readonly releasedObjects: readonly ObjectName[];
  /** Objects that the receiver lacks and does not get: those that are withheld, and all that these alone lead to. */
  readonly heldBackCount: number;
  /** Names of the dags that the domain has withheld, in the trees that the receiver has. */
  readonly namesBefore: ReadonlySet<string>;
  /** Checks whether an object is shared, now or before. */
  readonly isShared: (object: ObjectName) => boolean;
  /** Checks whether the receiver has an object. */
  readonly isThere: (object: ObjectName) => boolean;
  /** Checks whether the roots reach an object, also behind what is withheld. */
  readonly reaches: (object: ObjectName) => boolean;
  /** Yields what the receiver lacks, each object after all that it links to. */
  readonly blocks: () => AsyncGenerator<ObjectBlock, void, undefined>;
}

/**
 * Returns what some objects reach but for what a policy withholds. Walks all of it in steps; throws `object_missing` for
 * what is absent without a reason.
 */
export async function publishedClosure(host: ExportHost, request: ClosureRequest): Promise<PublishedClosure> {
  const { engine } = host;
  const { roots, known, isWithheldThere, ownWithheld = [] } = request;
  if (!host.isReadOnly)
    host.transact('publish/retain', (transaction) => {
      for (const { class: objectClass, objectId } of [...roots, ...known])
        transaction.retain(objectClass, objectId);
    });
  const plan = await withheldKeys(engine, request);
  const withheld = plan.keys;
  const own = new ObjectKeySet();
  for (const object of ownWithheld) own.add(keyOf(object));
  const namesBefore = new NamesOfDags((_, key) => own.has(key));
  const there = new Walk(engine, {
    isEntered: (key) => !isWithheldThere(nameOf(key)),
    mayLack: true,
    onPresent: own.size > 0 ? namesBefore.read : undefined,
  });
  for (const object of known) there.add(keyOf(object));
  await there.finish();
  const names = namesBefore.names();
  const namesNow = new NamesOfDags((name, key) => own.has(key) || names.has(name));
  const sent = new Walk(engine, {
    isEntered: (key) => !withheld.has(key),
    onPresent: own.size > 0 ? namesNow.read : undefined,
  });
  for (const object of roots) sent.add(keyOf(object));
  await sent.finish();
  const left: ObjectName[] = [];
  const sharedBefore: ObjectName[] = [];
  const behind = new Walk(engine, { isEntered: (key) => !sent.entered.has(key), mayLack: true });
  for (let ordinal = 0; ordinal < withheld.size; ordinal += 1) {
    const key = withheld.keyAt(ordinal);
    if (!sent.keys.has(key)) continue;
    behind.add(key);
    // @spec DML-REM-1304
    (there.entered.has(key) ? sharedBefore : left).push(nameOf(key));
  }
  await behind.finish();
  const isReleased = (key: Uint8Array): boolean => sent.entered.has(key) && !there.entered.has(key);
  const releasedDags = namesNow.found.filter(({ dagId }) =>
    isReleased(keyOf({ class: 'dag', objectId: dagId })),
  );
  return {
    withheld: left,
    sharedBefore,
    releasedDags,
    releasedObjects: releasedObjects(engine, own, { isReleased, dagParts: plan.dagParts, releasedDags }),
    heldBackCount: countAbsent(behind.entered, there.entered),
    namesBefore: names,
    isShared: (object) => sent.entered.has(keyOf(object)),
    isThere: (object) => there.entered.has(keyOf(object)),
    reaches: (object) => sent.keys.has(keyOf(object)) || behind.keys.has(keyOf(object)),
    blocks: () => blocksOf(engine, roots, { withheld, there: there.entered }),
  };
}

/** Returns the number of keys that are in one set and not in another. */
function countAbsent(keys: ObjectKeySet, others: ObjectKeySet): number {
  let count = 0;
  for (let ordinal = 0; ordinal < keys.size; ordinal += 1) if (!others.has(keys.keyAt(ordinal))) count += 1;
  return count;
}

/** Collects the names by which trees name some dags. */
class NamesOfDags {
  readonly found: ReleasedDag[] = [];
  readonly #seen = new Set<string>();
  readonly #isMeant: (name: string, key: Uint8Array) => boolean;

  constructor(isMeant: (name: string, key: Uint8Array) => boolean) {
    this.#isMeant = isMeant;
  }

  readonly read = (key: Uint8Array, bytes: Uint8Array): void => {
    for (const [name, text] of dagEntries(key, bytes)) {
      const dagId = text as DagId;
      if (!this.#isMeant(name, keyOf({ class: 'dag', objectId: dagId })) || this.#seen.has(dagId + name))
        continue;
      this.#seen.add(dagId + name);
      this.found.push({ name, dagId });
    }
  };

  names(): Set<string> {
    return new Set(this.found.map(({ name }) => name));
  }
}

interface Releasing {
  readonly isReleased: (key: Uint8Array) => boolean;
  /** Dags that are still withheld, with their nodes. */
  readonly dagParts: ObjectKeySet;
  readonly releasedDags: readonly ReleasedDag[];
}

/**
 * Lists the objects other than named dags that were withheld and are no more. A node or outcome of a dag that is still
 * withheld goes with the other dag that has it by now.
 */
function releasedObjects(
  engine: Engine,
  own: ObjectKeySet,
  { isReleased, dagParts, releasedDags }: Releasing,
): ObjectName[] {
  const named = new Set<string>(releasedDags.map(({ dagId }) => dagId));
  const released: ObjectName[] = [];
  for (let ordinal = 0; ordinal < own.size; ordinal += 1) {
    const key = own.keyAt(ordinal);
    if (!isReleased(key) || dagParts.has(key) || isOutcomeOf(engine, key, dagParts)) continue;
    const object = nameOf(key);
    if (!named.has(object.objectId)) released.push(object);
  }
  return released;
}

async function* blocksOf(
  engine: Engine,
  roots: readonly ObjectName[],
  { withheld, there }: { readonly withheld: ObjectKeySet; readonly there: ObjectKeySet },
): AsyncGenerator<ObjectBlock, void, undefined> {
  const rows = new RowReader(engine);
  let count = 0;
  // @spec DML-REM-1303
  for (const key of inLinkOrder(engine, roots.map(keyOf), { known: withheld, rows })) {
    count += 1;
    if (count % STEP_OBJECTS === 0) await nextTurn(engine);
    // What was withheld before may lie behind what is there. @spec DML-REM-1324
    if (there.has(key)) continue;
    assertHere(engine, key);
    yield objectBlock(engine, key);
  }
}

/** Throws `object_withheld` with `left_out` for an object that this repository has left out: it says nothing to others. */
function assertHere(engine: Engine, key: Uint8Array): void {
  const { class: objectClass, objectId } = nameOf(key);
  const stub = readStub(engine, objectClass, objectId);
  // @spec DML-REM-1326
  if (stub !== undefined && isLeftOut(stub.domain)) throw absentError(engine, objectClass, objectId);
}

function keyOf({ class: objectClass, objectId }: ObjectName): Buffer {
  const key = objectKey(objectClass, objectId);
  if (key === undefined) throw storeError('object_missing', { class: objectClass, objectId });
  return key;
}

function nameOf(key: Uint8Array): ObjectName {
  const object = parseObjectKey(key) as { class: ObjectClass; id: ObjectName['objectId'] };
  return { class: object.class, objectId: object.id };
}

interface WalkOptions {
  /** Decides whether to look at an object; at all by default. */
  readonly isEntered?: (key: Uint8Array) => boolean;
  /** Objects of these classes alone are followed; all by default. */
  readonly classes?: ReadonlySet<number>;
  /** Passes over what is absent. */
  readonly mayLack?: boolean;
  readonly onPresent?: ((key: Uint8Array, bytes: Uint8Array) => void) | undefined;
}

/** A walk over what objects reach; the set of its keys is the queue as well. */
class Walk {
  readonly keys: ObjectKeySet = new ObjectKeySet();
  /** Keys of the objects that were looked at and are here. */
  readonly entered: ObjectKeySet = new ObjectKeySet();
  readonly #engine: Engine;
  readonly #options: WalkOptions;
  #next = 0;

  constructor(engine: Engine, options: WalkOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  add(key: Uint8Array, offset = 0): void {
    this.keys.add(key, offset);
  }

  /** Walks until nothing waits; more may be added after it. */
  async finish(): Promise<void> {
    const { isEntered, classes, mayLack, onPresent } = this.#options;
    const rows = new RowReader(this.#engine);
    for (; this.#next < this.keys.size; this.#next += 1) {
      if (this.#next % STEP_OBJECTS === 0) await nextTurn(this.#engine);
      const key = this.keys.keyAt(this.#next);
      if (isEntered?.(key) === false) continue;
      const state = rows.look(key);
      if (state === 'absent' && mayLack !== true) throw storeError('object_missing', describeKey(key));
      if (state === 'newer' || state === 'damaged') assertReadable(this.#engine, key);
      if (state !== 'present') continue;
      this.entered.add(key);
      const record = rows.recordUnder(key);
      if (record !== undefined) onPresent?.(key, record.bytes);
      const { links, linkCount } = rows;
      for (let index = 0; index < linkCount; index += 1) {
        const offset = index * OBJECT_KEY_BYTES;
        if (classes === undefined || classes.has(links[offset] as number)) this.keys.add(links, offset);
      }
    }
  }
}

/** Kind of a datum that is a blob, and role of pages that name dags, as their records have them. */
const BLOB = 11;
const DAGS = 5;

interface WithheldKeys {
  readonly keys: ObjectKeySet;
  /** Keys of the dags that are withheld by their names, and of their nodes. */
  readonly dagParts: ObjectKeySet;
}

/** Finds the keys of everything that a policy withholds of what some objects reach. */
async function withheldKeys(engine: Engine, { roots, policy }: ClosureRequest): Promise<WithheldKeys> {
  const { blobsAboveBytes, isDagWithheld, objects = [] } = policy;
  const withheld = new ObjectKeySet();
  for (const object of objects) withheld.add(keyOf(object));
  const dags = new Walk(engine, { classes: OF_DAGS });
  const plan = { keys: withheld, dagParts: dags.keys };
  if (blobsAboveBytes === undefined && isDagWithheld === undefined) return plan;
  const others = new Walk(engine, { classes: OF_DAGS, isEntered: (key) => !withheld.has(key) });
  const results = new Map<NodeId, DagId[]>();
  const all = new Walk(engine, {
    onPresent: (key, bytes) => {
      if (isDagWithheld !== undefined && key[0] === CLASS_BYTES.exec) noteResult(results, bytes);
      if (isBlobAbove(key, bytes, blobsAboveBytes)) withheld.add(key);
      if (isDagWithheld !== undefined)
        for (const [name, dagId] of dagEntries(key, bytes))
          (isDagWithheld(name) ? dags : others).add(objectKey('dag', dagId) as Buffer);
    },
  });
  for (const object of roots) all.add(keyOf(object));
  await all.finish();
  // Those are all named by now, and a name that is shared keeps no dag which another name withholds.
  for (let ordinal = 0; ordinal < dags.keys.size; ordinal += 1) withheld.add(dags.keys.keyAt(ordinal));
  if (dags.keys.size === 0) return plan;
  await dags.finish();
  await finishWithResults(others, results);
  const nodes = new ObjectKeySet();
  for (let ordinal = 0; ordinal < dags.keys.size; ordinal += 1) {
    const key = dags.keys.keyAt(ordinal);
    if (key[0] === CLASS_BYTES.node && !others.entered.has(key)) nodes.add(key);
  }
  for (let ordinal = 0; ordinal < all.keys.size; ordinal += 1) {
    if (ordinal % STEP_OBJECTS === 0) await nextTurn(engine);
    const key = all.keys.keyAt(ordinal);
    if (nodes.has(key) || isOutcomeOf(engine, key, nodes)) withheld.add(key);
  }
  return plan;
}

/** Notes the dag that the outcome of a call results in. */
function noteResult(results: Map<NodeId, DagId[]>, bytes: Uint8Array): void {
  const exec = decodeRecord(Uint8Array.from(bytes), 'exec');
  if (exec.nodeKind !== 'call') return;
  const dagIds = results.get(exec.nodeId);
  if (dagIds === undefined) results.set(exec.nodeId, [exec.resultDagId]);
  else dagIds.push(exec.resultDagId);
}

/** Walks dags, and those that calls of theirs result in. */
async function finishWithResults(walk: Walk, results: ReadonlyMap<NodeId, readonly DagId[]>): Promise<void> {
  await walk.finish();
  for (let at = 0; at < walk.entered.size; at += 1) {
    const key = walk.entered.keyAt(at);
    if (key[0] !== CLASS_BYTES.node) continue;
    for (const dagId of results.get(idOfKey(key) as NodeId) ?? [])
      walk.add(keyOf({ class: 'dag', objectId: dagId }));
    await walk.finish();
  }
}

/** Classes of what a dag consists of. */
const OF_DAGS: ReadonlySet<number> = new Set([
  OBJECT_CLASS_NUMBERS.dag,
  OBJECT_CLASS_NUMBERS.node,
  OBJECT_CLASS_NUMBERS.page,
]);

function isBlobAbove(key: Uint8Array, bytes: Uint8Array, limitBytes: number | undefined): boolean {
  if (limitBytes === undefined || key[0] !== CLASS_BYTES.datum || bytes[3] !== BLOB) return false;
  const datum = decodeRecord(Uint8Array.from(bytes), 'datum');
  return datum.kind === 'blob' && datum.sizeBytes > limitBytes;
}

/** Lists the dags that a tree, or a page of one, names itself. */
function dagEntries(key: Uint8Array, bytes: Uint8Array): readonly (readonly [string, string])[] {
  if (key[0] === CLASS_BYTES.tree) {
    const { dags } = decodeRecord(Uint8Array.from(bytes), 'tree');
    return typeof dags === 'string' ? [] : dags;
  }
  if (key[0] !== CLASS_BYTES.page || bytes[3] !== DAGS) return [];
  const page = decodeRecord(Uint8Array.from(bytes), 'page');
  return page.role === 'dags' && page.level === 0
    ? (page.entries as unknown as readonly (readonly [string, string])[])
    : [];
}

/** Checks whether a record is an outcome or a request of one of some nodes. */
function isOutcomeOf(engine: Engine, key: Uint8Array, nodes: ObjectKeySet): boolean {
  const isExec = key[0] === CLASS_BYTES.exec;
  if (!isExec && key[0] !== CLASS_BYTES['exec-request']) return false;
  const bytes = readRow(engine, 'objects', key);
  if (bytes === undefined) return false;
  const { nodeId } = decodeRecord(bytes, isExec ? 'exec' : 'exec-request');
  return nodes.has(objectKey('node', nodeId) as Buffer);
}
