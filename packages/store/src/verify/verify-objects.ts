import {
  type BlobSource,
  type ChunkId,
  DmlError,
  decodeRecord,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type PageId,
  readBlob,
  recordLinks,
  verifyTree,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { OBJECT_KEY_BYTES, objectKey, parseObjectKey } from '../keyspace.ts';
import { isTombstone } from '../tombstone.ts';
import type { Finding, VerifyProgress } from './finding.ts';
import { recordRoots } from './record-roots.ts';

/** Objects one step looks at. */
const STEP_OBJECTS = 2_000;

/** Counts what was looked at. */
export interface ObjectCounts {
  objects: number;
  bytes: number;
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

/** Looks at every object and yields what is wrong with it; goes on after every finding. */
export function* verifyObjects(
  engine: Engine,
  counts: ObjectCounts,
): Generator<Finding | VerifyProgress, void, undefined> {
  const source = sourceOf(engine);
  let from: Buffer | undefined;
  for (;;) {
    refreshSnapshot(engine);
    const range = from === undefined ? {} : { start: from, exclusiveStart: true };
    const keys = readKeys(engine, 'objects', { ...range, limit: STEP_OBJECTS });
    for (const key of keys) {
      const bytes = readRow(engine, 'objects', key);
      if (bytes === undefined) continue;
      counts.objects += 1;
      counts.bytes += bytes.length;
      yield* verifyObject(engine, source, key, bytes);
    }
    from = keys.at(-1);
    yield { phase: 'objects', done: counts.objects };
    if (keys.length < STEP_OBJECTS) return;
  }
}

function* verifyObject(
  engine: Engine,
  source: BlobSource,
  key: Buffer,
  bytes: Buffer,
): Generator<Finding, void, undefined> {
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
    else if (!hasRow(engine, 'excised', key)) yield { code: 'tombstone_unlisted', ...name };
    return;
  }
  if (object.class === 'chunk') return;
  try {
    const record = decodeRecord(bytes, object.class);
    for (const link of recordLinks(record)) {
      const linkKey = objectKey(link.objectClass, link.id) as Buffer;
      // @spec DML-STO-0903
      if (!hasRow(engine, 'objects', linkKey))
        yield { code: 'link_broken', ...name, to: { class: link.objectClass, objectId: link.id } };
    }
    for (const { role, root } of recordRoots(record)) {
      const fault = verifyTree(role, root, source);
      if (fault === undefined || isExcisedPage(engine, fault.pageId)) continue;
      const { pageId } = fault;
      // @spec DML-STO-0908
      yield { code: 'tree_not_canonical', ...name, role, fault: fault.fault, pageId };
    }
    if (record.type === 'datum' && record.kind === 'blob') {
      try {
        for (const _ of readBlob(record, source));
      } catch (error) {
        if (!(error instanceof DmlError)) throw error;
        if (isExcisedPart(engine, error)) return;
        // @spec DML-STO-0909
        yield { code: 'blob_wrong', objectId: object.id, reason: error.detail ?? error.code };
      }
    }
  } catch (error) {
    if (!(error instanceof DmlError)) throw error;
    // @spec DML-STO-0902
    yield { code: 'object_undecodable', ...name, reason: `${error.code}/${error.detail}` };
  }
}

function isExcisedPage(engine: Engine, pageId: PageId | undefined): boolean {
  return pageId !== undefined && hasRow(engine, 'excised', objectKey('page', pageId) as Buffer);
}

/** A blob whose chunk or page was excised is not whole on purpose. */
function isExcisedPart(engine: Engine, error: DmlError): boolean {
  const { chunkId, pageId } = error.fields;
  if (typeof pageId === 'string') return isExcisedPage(engine, pageId as PageId);
  return typeof chunkId === 'string' && hasRow(engine, 'excised', objectKey('chunk', chunkId) as Buffer);
}
