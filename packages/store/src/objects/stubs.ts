import { decodeRecord, encodeRecord, type ObjectClass, type ObjectId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, iterateRows, readRow } from '../engine/reading.ts';
import { type StoreError, storeError } from '../errors.ts';
import { decodeRow, encodeRow } from '../tables/checksummed-row.ts';
import { CLASS_BYTES, objectKey, parseObjectKey } from '../tables/keyspace.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { ifReadable } from './if-readable.ts';
import { type Link, linksOf } from './links.ts';

/** The domain that withholds an object which the store lacks, and the time that became known. */
export interface StubFacts {
  readonly class: ObjectClass;
  readonly objectId: ObjectId;
  /** URI that names the domain, at most 255 bytes. */
  readonly domain: string;
  readonly timeMs: number;
}

/** Returns the row that stands for a withheld object. */
export function encodeStub(key: Uint8Array, facts: StubFacts): Buffer {
  return encodeRow('stubs', key, stubRecord(facts));
}

/** Returns the record of a stub, as it travels in streams. */
export function stubRecord({ class: objectClass, ...rest }: StubFacts): Uint8Array {
  return encodeRecord({ type: 'stub', objectClass, ...rest });
}

/** Reads the facts of a stub; throws `store_damaged` when the row has rotted. */
function decodeStub(key: Uint8Array, row: Uint8Array): StubFacts {
  const { objectClass, objectId, domain, timeMs } = decodeRecord(decodeRow('stubs', key, row), 'stub');
  return { class: objectClass, objectId: objectId as ObjectId, domain, timeMs };
}

/** Reads the stub of an object, undefined when there is none. */
export function readStub(engine: Engine, objectClass: ObjectClass, id: ObjectId): StubFacts | undefined {
  const key = objectKey(objectClass, id);
  return key && readStubAt(engine, key);
}

/** Reads the stub under the key of an object, undefined when there is none. */
export function readStubAt(engine: Engine, key: Buffer): StubFacts | undefined {
  const row = readRow(engine, 'stubs', key);
  return row && decodeStub(key, row);
}

/**
 * Removes the stub of an object that has come; what comes with it only later is withheld in its place.
 *
 * What it reaches may be here from before, without what that links to in turn: no ref reached it. So the walk goes on through
 * what is here. `walked` are keys of objects below which nothing is absent without a stub; what is walked is added.
 */
export function fillStub(
  transaction: WriteTransaction,
  key: Buffer,
  { bytes, walked }: { readonly bytes: Uint8Array; readonly walked: ObjectKeySet },
): void {
  const { engine } = transaction;
  const stub = readStubAt(engine, key);
  if (stub === undefined) return;
  const links = ifReadable(() => linksOf(bytes, stub.class)) ?? [];
  // @spec DML-STO-0833
  transaction.deleteRow('stubs', Buffer.from(key));
  const { domain, timeMs } = stub;
  const from = walked.size;
  for (const link of links) walked.add(objectKey(link.class, link.id) as Buffer);
  const rows = new RowReader(engine);
  for (let ordinal = from; ordinal < walked.size; ordinal += 1) {
    const linked = walked.keyAt(ordinal);
    const isChunk = linked[0] === CLASS_BYTES.chunk;
    // @spec DML-STO-0860
    if (isChunk ? hasRow(engine, 'objects', linked) : rows.look(linked) !== 'absent') {
      if (!isChunk) rows.addLinksTo(walked);
      continue;
    }
    const { class: objectClass, id: objectId } = parseObjectKey(linked) as Link;
    // @spec DML-STO-0850
    if (!hasRow(engine, 'stubs', linked))
      transaction.putStub({ class: objectClass, objectId, domain, timeMs });
  }
}

/** Scheme of a domain that is a remote: this repository has left the object out, and the remote has it. */
const LEFT_OUT = 'dml+remote:';

/** Checks whether the domain of a stub is a remote, which has what this repository has left out. */
export function isLeftOut(domain: string): boolean {
  // @spec DML-STO-0853
  return domain.startsWith(LEFT_OUT);
}

/** Checks whether objects of a class were left out. */
export function hasLeftOut(engine: Engine, objectClass: ObjectClass): boolean {
  for (const { domain } of iterateStubs(engine, objectClass)) if (isLeftOut(domain)) return true;
  return false;
}

/** Checks whether a domain withholds objects, other than what was left out. O(objects that were left out). */
export function hasWithheld(engine: Engine): boolean {
  for (const { domain } of iterateStubs(engine)) if (!isLeftOut(domain)) return true;
  return false;
}

/** Number of stubs of a store, and of those that stand for commits. */
export interface StubCounts {
  readonly objects: number;
  readonly commits: number;
}

/** Counts the stubs of a store. O(stubs of commits). */
export function countStubs(engine: Engine): StubCounts {
  const { stubs } = engine.tables;
  const range = rangeOf('commit');
  return {
    objects: (stubs.getStats() as { readonly entryCount: number }).entryCount,
    commits: stubs.getKeysCount(range),
  };
}

/** Iterates the stubs of a store, or those of one class, by their keys; others may change them meanwhile. */
export function* iterateStubs(engine: Engine, objectClass?: ObjectClass): Generator<StubFacts> {
  for (const { key, value } of iterateRows(engine, 'stubs', objectClass && rangeOf(objectClass)))
    yield decodeStub(key, value);
}

function rangeOf(objectClass: ObjectClass): { readonly start: Buffer; readonly end: Buffer } {
  const classByte = CLASS_BYTES[objectClass];
  return { start: Buffer.from([classByte]), end: Buffer.from([classByte + 1]) };
}

/** Checks whether a store knows of any withheld object. */
export function hasAnyStub(engine: Engine): boolean {
  return engine.tables.stubs.getStats().entryCount > 0;
}

/** Checks whether an object is absent on purpose: excised, or withheld by a domain. */
export function isMissingOnPurpose(engine: Engine, key: Uint8Array): boolean {
  return hasRow(engine, 'excised', key) || hasRow(engine, 'stubs', key);
}

/** Returns the error of reading an object that is absent: it was left out, a domain withholds it, or it is missing. */
export function absentError(engine: Engine, objectClass: ObjectClass, objectId: ObjectId): StoreError {
  const stub = readStub(engine, objectClass, objectId);
  if (stub === undefined) return storeError('object_missing', { class: objectClass, objectId });
  return withheldError(stub);
}

/** Returns the error of reading an object that a stub stands for, with the reason why it cannot be had now. */
export function withheldError(
  { class: objectClass, objectId, domain }: StubFacts,
  reason?: string,
  cause?: unknown,
): StoreError {
  const detail = isLeftOut(domain) ? { detail: 'left_out' } : {};
  const why = reason === undefined ? {} : { reason };
  // @spec DML-STO-0836
  return storeError('object_withheld', { class: objectClass, objectId, domain, ...why, ...detail }, cause);
}

/** Throws `object_withheld` with `left_out` for an object that is absent since this repository has left it out. */
export function refuseLeftOut(engine: Engine, key: Uint8Array): void {
  const stub = readStubAt(engine, Buffer.from(key));
  // @spec DML-STO-1050
  if (stub !== undefined && isLeftOut(stub.domain)) throw absentError(engine, stub.class, stub.objectId);
}
