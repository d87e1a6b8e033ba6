import type { CommitId, ObjectClass, ObjectId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readKeys, readRows, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import type { RefName } from '../refs/ref-name.ts';
import { readRefRows, readRefs } from '../refs/refs.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import type { Hold } from '../tables/holds.ts';
import { describeKey, OBJECT_KEY_BYTES, objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { readMeta } from '../tables/meta.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { contentKeys, sharedKeys } from './content.ts';

/** An object by class and id. */
export interface ObjectName {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
}

/** The objects to excise. */
export interface ExcisionRequest {
  readonly objects: readonly ObjectName[];
  /** Takes along the pages and chunks of the objects that nothing else links to. */
  readonly withContent?: boolean;
}

/** An object that links to what goes. */
export interface Referrer extends ObjectName {
  readonly to: ObjectName;
}

/** Plan of an excision; printing it is the dry run. */
export interface ExcisionPlan {
  /** Objects whose bytes go. */
  readonly excise: readonly ObjectName[];
  readonly exciseBytes: number;
  /** Objects of the request that are tombstones already. */
  readonly excised: readonly ObjectName[];
  /** Pages and chunks of the content that stay, since something else links to them. */
  readonly shared: readonly ObjectName[];
  /** Objects that stay and link to what goes. */
  readonly referrers: readonly Referrer[];
  /** Refs that name a commit that goes: while there is one, the excision is refused. */
  readonly refs: readonly { readonly ref: RefName; readonly commitId: CommitId }[];
  readonly holds: readonly Hold[];
  /** Generation of session writes the plan was made at. */
  readonly generation: number;
}

const STEP_OBJECTS = 20_000;

function nameOf(key: Uint8Array): ObjectName {
  const object = parseObjectKey(key);
  if (object === undefined) throw storeError('store_damaged', { table: 'objects', detail: 'key_form' });
  return { class: object.class, objectId: object.id };
}

function namesOf(keys: ObjectKeySet): ObjectName[] {
  return Array.from({ length: keys.size }, (_, ordinal) => nameOf(keys.keyAt(ordinal)));
}

interface Requested {
  readonly targets: ObjectKeySet;
  readonly excised: readonly ObjectName[];
}

function requestedKeys(engine: Engine, request: ExcisionRequest): Requested {
  const targets = new ObjectKeySet();
  const excised: ObjectName[] = [];
  for (const object of request.objects) {
    const key = objectKey(object.class, object.objectId);
    // @spec DML-STO-0807
    if (key === undefined || !(hasRow(engine, 'objects', key) || hasRow(engine, 'stubs', key)))
      throw storeError('object_missing', { ...object });
    if (hasRow(engine, 'excised', key)) excised.push(object);
    else targets.add(key);
  }
  return { targets, excised };
}

/**
 * Finds what an excision would take and what refers to it, in steps that hold no snapshot between them.
 * Looks at every object of the store once. Reads only.
 *
 * @spec DML-STO-0806
 */
export function* planExcisionSteps(
  engine: Engine,
  request: ExcisionRequest,
): Generator<void, ExcisionPlan, undefined> {
  refreshSnapshot(engine);
  const generation = Number(readMeta(engine, 'generation') ?? 0);
  const { targets, excised } = requestedKeys(engine, request);
  // @spec DML-STO-0809
  const content = request.withContent === true ? contentKeys(engine, targets) : new ObjectKeySet();
  const held = new ObjectKeySet();
  const links = yield* findLinks(engine, targets, content, held);
  refreshSnapshot(engine);
  // @spec DML-STO-0810
  const shared = sharedKeys(engine, content, held);
  const going = new ObjectKeySet();
  for (const keys of [targets, content])
    for (let ordinal = 0; ordinal < keys.size; ordinal += 1)
      if (!shared.has(keys.keyAt(ordinal))) going.add(keys.keyAt(ordinal));
  return {
    excise: namesOf(going),
    exciseBytes: sizeOf(engine, going),
    excised,
    shared: namesOf(shared),
    // @spec DML-STO-0805
    referrers: links.filter(({ from, to }) => going.has(to) && !going.has(from)).map(describeLink),
    refs: refsTo(engine, (key) => going.has(key)),
    holds: readRows(engine, 'pins')
      .map((row) => decodeJsonRow<Hold>('pins', row.key, row.value))
      .filter((hold) => going.has(objectKey(hold.class, hold.objectId) as Buffer)),
    generation,
  };
}

/** Lists the refs that lead to what goes; a reference ref leads to its reference and to the commit of that. */
export function refsTo(
  engine: Engine,
  isGoing: (key: Uint8Array) => boolean,
): { readonly ref: RefName; readonly commitId: CommitId }[] {
  const commits = readRefs(engine).filter(({ commitId }) => isGoing(objectKey('commit', commitId) as Buffer));
  const references = readRefRows(engine, 'references').filter(({ targetId }) =>
    isGoing(objectKey('reference', targetId) as Buffer),
  );
  return [
    ...commits.map(({ name, commitId }) => ({ ref: name, commitId })),
    ...references.map(({ name, targetId }) => ({ ref: name, commitId: targetId as CommitId })),
  ];
}

interface FoundLink {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

function describeLink({ from, to }: FoundLink): Referrer {
  return { ...nameOf(from), to: nameOf(to) };
}

/** Finds every link to a target or its content; `held` gains the content that outsiders link to. */
function* findLinks(
  engine: Engine,
  targets: ObjectKeySet,
  content: ObjectKeySet,
  held: ObjectKeySet,
): Generator<void, FoundLink[], undefined> {
  const rows = new RowReader(engine);
  const found: FoundLink[] = [];
  let from: Buffer | undefined;
  for (;;) {
    refreshSnapshot(engine);
    const range = from === undefined ? {} : { start: from, exclusiveStart: true };
    const keys = readKeys(engine, 'objects', { ...range, limit: STEP_OBJECTS });
    for (const key of keys) {
      const state = rows.look(key);
      // @spec DML-STO-0846
      if (state === 'newer') throw newerRefusal(key);
      if (state !== 'present') continue;
      const isInside = targets.has(key) || content.has(key);
      const { links, linkCount } = rows;
      for (let index = 0; index < linkCount; index += 1) {
        const offset = index * OBJECT_KEY_BYTES;
        const isContent = content.has(links, offset);
        if (!isContent && !targets.has(links, offset)) continue;
        found.push({ from: key, to: Buffer.from(links.subarray(offset, offset + OBJECT_KEY_BYTES)) });
        if (isContent && !isInside) held.add(links, offset);
      }
    }
    yield;
    from = keys.at(-1);
    if (keys.length < STEP_OBJECTS) return found;
  }
}

function newerRefusal(key: Uint8Array): Error {
  const { class: objectClass, objectId } = describeKey(key);
  return storeError('excision_refused', { detail: 'newer_format', class: objectClass, objectId });
}

function sizeOf(engine: Engine, keys: ObjectKeySet): number {
  const rows = new RowReader(engine);
  let bytes = 0;
  for (let ordinal = 0; ordinal < keys.size; ordinal += 1) {
    rows.look(keys.keyAt(ordinal));
    bytes += rows.sizeBytes;
  }
  return bytes;
}
