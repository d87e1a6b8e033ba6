import {
  type AnyRecord,
  type BlobDatum,
  type BlobSource,
  type ChunkId,
  DmlError,
  decodeRecord,
  hashBytes,
  isInline,
  MAX_INLINE_BYTES,
  type ObjectClass,
  type ObjectId,
  type PageId,
  recordLinks,
  TreeVerifier,
  verifyBlob,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { OBJECT_KEY_BYTES, objectKey, parseObjectKey } from '../keyspace.ts';
import { isTombstone } from '../tombstone.ts';
import type { Finding, VerifyProgress } from './finding.ts';
import { recordRoots } from './record-roots.ts';

/** Objects one step looks at, and pages or chunks of one collection or blob. */
const STEP_OBJECTS = 2_000;
const STEP_PARTS = 256;

/** No longer datum is one that stands inline: a head of four bytes instead of one. */
const MAX_INLINE_RECORD_BYTES: number = MAX_INLINE_BYTES + 3;

/** Counts what was looked at. */
export interface ObjectCounts {
  objects: number;
  bytes: number;
}

type Steps = Generator<Finding | VerifyProgress, void, undefined>;

/** Looks at every object and yields what is wrong with it; goes on after every finding. */
export function verifyObjects(engine: Engine, counts: ObjectCounts): Steps {
  return new ObjectsCheck(engine, counts).run();
}

/** Pages and chunks as the checks of whole trees and blobs read them; an excised one reads as absent. */
function sourceOf(engine: Engine): BlobSource {
  const read = (objectClass: ObjectClass, id: ObjectId): Uint8Array | undefined => {
    const bytes = readRow(engine, 'objects', objectKey(objectClass, id) as Buffer);
    return bytes === undefined || hashBytes(bytes) !== id ? undefined : bytes;
  };
  return {
    getPage: (pageId: PageId) => read('page', pageId),
    getChunk: (chunkId: ChunkId) => read('chunk', chunkId),
  };
}

interface CheckedObject {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
}

class ObjectsCheck {
  readonly #engine: Engine;
  readonly #counts: ObjectCounts;
  readonly #source: BlobSource;
  readonly #trees: TreeVerifier;

  constructor(engine: Engine, counts: ObjectCounts) {
    this.#engine = engine;
    this.#counts = counts;
    this.#source = sourceOf(engine);
    // @spec DML-STO-0922
    this.#trees = new TreeVerifier(this.#source, { isExcused: (pageId) => this.#isExcised('page', pageId) });
  }

  *run(): Steps {
    const engine = this.#engine;
    let from: Buffer | undefined;
    refreshSnapshot(engine);
    for (;;) {
      const range = from === undefined ? {} : { start: from, exclusiveStart: true };
      const keys = readKeys(engine, 'objects', { ...range, limit: STEP_OBJECTS });
      for (const key of keys) {
        const bytes = readRow(engine, 'objects', key);
        if (bytes === undefined) continue;
        this.#counts.objects += 1;
        this.#counts.bytes += bytes.length;
        yield* this.#verifyObject(key, bytes);
      }
      from = keys.at(-1);
      yield this.#progress();
      if (keys.length < STEP_OBJECTS) return;
    }
  }

  /** Tells how far it is; others write meanwhile, so what follows reads anew. */
  #progress(): VerifyProgress {
    refreshSnapshot(this.#engine);
    return { phase: 'objects', done: this.#counts.objects };
  }

  *#verifyObject(key: Buffer, bytes: Buffer): Steps {
    const object = key.length === OBJECT_KEY_BYTES ? parseObjectKey(key) : undefined;
    if (object === undefined) {
      yield { code: 'object_key_invalid', keyHex: key.toString('hex') };
      return;
    }
    const name = { class: object.class, objectId: object.id };
    if (hashBytes(bytes) !== object.id) {
      const isExcised = isTombstone(key, bytes);
      // @spec DML-STO-0901
      if (!isExcised) yield { code: 'object_damaged', ...name };
      else if (!hasRow(this.#engine, 'excised', key)) yield { code: 'tombstone_unlisted', ...name };
      return;
    }
    if (object.class === 'chunk') return;
    try {
      const record = decodeRecord(bytes, object.class);
      yield* this.#verifyLinks(name, record);
      yield* this.#verifyTrees(name, record);
      if (record.type === 'datum' && record.kind === 'blob') yield* this.#verifyBlob(name, record);
    } catch (error) {
      if (!(error instanceof DmlError)) throw error;
      // @spec DML-STO-0902
      yield { code: 'object_undecodable', ...name, reason: `${error.code}/${error.detail}` };
    }
  }

  *#verifyLinks(name: CheckedObject, record: AnyRecord): Steps {
    const hasElements = holdsElements(record);
    for (const { objectClass, id } of recordLinks(record)) {
      const to = { class: objectClass, objectId: id };
      // @spec DML-STO-0903
      if (!hasRow(this.#engine, 'objects', objectKey(objectClass, id) as Buffer)) {
        yield { code: 'link_broken', ...name, to };
        continue;
      }
      // @spec DML-STO-0920
      if (hasElements && objectClass === 'datum' && this.#isInline(id))
        yield { code: 'element_linked', ...name, to };
    }
  }

  /** Tells whether a datum is one that collections hold in place. */
  #isInline(datumId: ObjectId): boolean {
    const bytes = readRow(this.#engine, 'objects', objectKey('datum', datumId) as Buffer);
    if (bytes === undefined || bytes.length > MAX_INLINE_RECORD_BYTES || hashBytes(bytes) !== datumId)
      return false;
    try {
      const record = decodeRecord(bytes, 'datum');
      return record.type === 'datum' && isInline(record);
    } catch {
      return false;
    }
  }

  *#verifyTrees(name: CheckedObject, record: AnyRecord): Steps {
    let pages = 0;
    for (const { role, root } of recordRoots(record)) {
      const steps = this.#trees.verify(role, root);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) {
        pages += 1;
        // @spec DML-STO-0923
        if (pages % STEP_PARTS === 0) yield this.#progress();
      }
      const fault = step.value;
      if (fault === undefined) continue;
      // @spec DML-STO-0908
      yield { code: 'tree_not_canonical', ...name, role, fault: fault.fault, pageId: fault.pageId };
    }
  }

  *#verifyBlob(name: CheckedObject, blob: BlobDatum): Steps {
    let chunks = 0;
    try {
      for (const _ of verifyBlob(blob, this.#source)) {
        chunks += 1;
        if (chunks % STEP_PARTS === 0) yield this.#progress();
      }
    } catch (error) {
      if (!(error instanceof DmlError)) throw error;
      if (this.#isExcisedPart(error)) return;
      // @spec DML-STO-0909
      yield { code: 'blob_wrong', objectId: name.objectId, reason: error.detail ?? error.code };
    }
  }

  // @spec DML-STO-0921
  #isExcised(objectClass: ObjectClass, id: string): boolean {
    return hasRow(this.#engine, 'excised', objectKey(objectClass, id) as Buffer);
  }

  /** A blob whose chunk or page was excised is not whole on purpose. */
  #isExcisedPart(error: DmlError): boolean {
    const { chunkId, pageId } = error.fields;
    if (typeof pageId === 'string') return this.#isExcised('page', pageId);
    return typeof chunkId === 'string' && this.#isExcised('chunk', chunkId);
  }
}

/** Tells whether the datums that a record links are elements; what a URI links is its attachment. */
function holdsElements(record: AnyRecord): boolean {
  const kind = record.type === 'datum' ? record.kind : record.type === 'page' ? record.role : undefined;
  return kind === 'list' || kind === 'set' || kind === 'map';
}
