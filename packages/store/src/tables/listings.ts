import { type DatumId, ID_BYTES, idOfBytes, writeIdBytes } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows, prefixRange, readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { decodeRow, encodeRow } from './checksummed-row.ts';

/** Length of the key of a place in the file system. */
const PLACE_BYTES = 32;
const KEY_BYTES = PLACE_BYTES + 4;
/** Day of last use, number of parts, number of datums. */
const HEAD_BYTES = 12;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Bounds of the table. */
interface ListingLimits {
  readonly sizeBytes: number;
  readonly unusedDays: number;
}

const LISTING_LIMITS: ListingLimits = { sizeBytes: 256 * 1024 * 1024, unusedDays: 30 };

/** The remembered files of one place; most of it is in parts. */
export interface Listing {
  /** Datums that were made of what is listed; the listing goes when none of them is left. */
  readonly datumIds: readonly DatumId[];
  /** Bytes of the writer's in the first row. */
  readonly head: Uint8Array;
  readonly partCount: number;
  /** Days since 1970. */
  readonly usedDay: number;
}

/** A listing as it is written: parts that are not among `parts` stay as they are. */
export interface ListingChange extends Omit<Listing, 'usedDay'> {
  /** The 32 bytes that stand for the place. */
  readonly place: Uint8Array;
  readonly parts: ReadonlyMap<number, Uint8Array>;
}

/** Returns the listing of a place; undefined when there is none, and when its row cannot be read. */
export function readListing(engine: Engine, place: Uint8Array): Listing | undefined {
  refreshSnapshot(engine);
  const payload = readPayload(engine, rowKey(place, 0));
  return payload && decodeHead(payload);
}

/** Returns a part of a listing, numbered from 0; undefined as {@link readListing} is. */
export function readListingPart(engine: Engine, place: Uint8Array, part: number): Buffer | undefined {
  return readPayload(engine, rowKey(place, part + 1));
}

function readPayload(engine: Engine, key: Buffer): Buffer | undefined {
  try {
    const row = readRow(engine, 'files', key);
    return row && decodeRow('files', key, row);
  } catch {
    // @spec DML-STO-0581
    return undefined;
  }
}

/** Writes a listing, and makes room for it where the table is full. */
export function putListing(
  transaction: WriteTransaction,
  change: ListingChange,
  limits: ListingLimits = LISTING_LIMITS,
): void {
  const { engine } = transaction;
  const { place, parts, partCount } = change;
  const before = readListing(engine, place)?.partCount ?? 0;
  // @spec DML-STO-0586
  for (let part = partCount; part < before; part += 1)
    transaction.deleteRow('files', rowKey(place, part + 1));
  for (const [part, bytes] of parts) putPayload(transaction, rowKey(place, part + 1), bytes);
  putPayload(transaction, rowKey(place, 0), encodeHead(change, today(transaction)));
  makeRoom(transaction, place, limits);
}

/**
 * Notes that the listing of a place is of use today.
 *
 * @spec DML-STO-0587
 */
export function renewListing(transaction: WriteTransaction, place: Uint8Array): void {
  const listing = readListing(transaction.engine, place);
  if (listing === undefined || listing.usedDay === today(transaction)) return;
  putPayload(transaction, rowKey(place, 0), encodeHead(listing, today(transaction)));
}

function putPayload(transaction: WriteTransaction, key: Buffer, payload: Uint8Array): void {
  transaction.putRow('files', key, encodeRow('files', key, payload));
}

/** Deletes the listings that were not used for longest until the table is well below its bound. */
function makeRoom(transaction: WriteTransaction, except: Uint8Array, { sizeBytes }: ListingLimits): void {
  const { engine } = transaction;
  if (tableBytes(engine) <= sizeBytes) return;
  const others = readListings(engine).filter(({ place }) => !place.equals(except));
  // @spec DML-STO-0582
  others.sort((one, other) => one.usedDay - other.usedDay);
  let left = others.reduce((sum, other) => sum + other.sizeBytes, 0);
  for (const other of others) {
    if (left <= sizeBytes / 2) return;
    left -= other.sizeBytes;
    dropListing(transaction, other.place);
  }
}

function tableBytes(engine: Engine): number {
  const { treeLeafPageCount, overflowPages } = engine.tables.files.getStats();
  return (treeLeafPageCount + overflowPages) * engine.pageBytes;
}

/**
 * Deletes the listings from which nothing can be gained any more: those that were not used for long, and those of
 * whose datums none is left.
 *
 * @spec DML-STO-0583
 */
export function pruneListings(transaction: WriteTransaction, limits: ListingLimits = LISTING_LIMITS): void {
  const { engine } = transaction;
  const oldest = today(transaction) - limits.unusedDays;
  for (const { place, datumIds, usedDay } of readListings(engine)) {
    const isPresent = datumIds.some((datumId) => transaction.has('datum', datumId));
    if (!isPresent || usedDay < oldest) dropListing(transaction, place);
  }
}

/** Deletes every listing. */
export function dropListings(transaction: WriteTransaction): void {
  for (const key of readKeys(transaction.engine, 'files')) transaction.deleteRow('files', key);
}

function dropListing(transaction: WriteTransaction, place: Uint8Array): void {
  for (const key of readKeys(transaction.engine, 'files', prefixRange(place)))
    transaction.deleteRow('files', key);
}

interface StoredListing extends Pick<Listing, 'datumIds' | 'usedDay'> {
  readonly place: Buffer;
  sizeBytes: number;
}

/**
 * Reads the first rows of all listings, and how long they are; without a first row that can be read, one lists nothing.
 */
function readListings(engine: Engine): StoredListing[] {
  const found: StoredListing[] = [];
  for (const { key, value } of iterateRows(engine, 'files')) {
    const place = key.subarray(0, PLACE_BYTES);
    let last = found.at(-1);
    if (last === undefined || !last.place.equals(place)) {
      const { datumIds = [], usedDay = 0 } = readListing(engine, place) ?? {};
      last = { place, datumIds, usedDay, sizeBytes: 0 };
      found.push(last);
    }
    last.sizeBytes += value.length;
  }
  return found;
}

function today(transaction: WriteTransaction): number {
  return Math.floor(transaction.environment.nowMs() / DAY_MS);
}

/** Returns the key of the first row, 0, or of a part of a listing. */
function rowKey(place: Uint8Array, row: number): Buffer {
  if (place.length !== PLACE_BYTES) throw storeError('store_misuse', { detail: 'listing_place' });
  const key = Buffer.alloc(KEY_BYTES);
  key.set(place);
  key.writeUInt32BE(row, PLACE_BYTES);
  return key;
}

function encodeHead({ datumIds, head, partCount }: Omit<Listing, 'usedDay'>, usedDay: number): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + datumIds.length * ID_BYTES + head.length);
  bytes.writeUInt32BE(usedDay);
  bytes.writeUInt32BE(partCount, 4);
  bytes.writeUInt32BE(datumIds.length, 8);
  for (const [at, datumId] of datumIds.entries()) writeIdBytes(datumId, bytes, HEAD_BYTES + at * ID_BYTES);
  bytes.set(head, HEAD_BYTES + datumIds.length * ID_BYTES);
  return bytes;
}

/** Reads the first row of a listing; undefined when it is too short for what it says. */
function decodeHead(payload: Buffer): Listing | undefined {
  if (payload.length < HEAD_BYTES) return undefined;
  const headAt = HEAD_BYTES + payload.readUInt32BE(8) * ID_BYTES;
  if (headAt > payload.length) return undefined;
  const datumIds: DatumId[] = [];
  for (let at = HEAD_BYTES; at < headAt; at += ID_BYTES) datumIds.push(idOfBytes<'datum'>(payload, at));
  const head = payload.subarray(headAt);
  return { usedDay: payload.readUInt32BE(), partCount: payload.readUInt32BE(4), datumIds, head };
}
