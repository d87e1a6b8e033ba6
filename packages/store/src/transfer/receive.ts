import { setImmediate } from 'node:timers/promises';
import {
  type CommitId,
  checkRecord,
  decodeRecord,
  hashBytes,
  isNewerFormat,
  type ObjectClass,
  type RefRecord,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { hasAnyStub } from '../objects/stubs.ts';
import { asRefName, parseRefKey, type RefName, refKey } from '../refs/ref-name.ts';
import { CLASS_BYTES, isIdAt, OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import type { Transactor, WriteTransaction } from '../write-transaction.ts';
import { type CarLink, CID_BYTES, CODEC_OFFSET, DIGEST_OFFSET, RAW, transferError } from './car-frame.ts';
import type { CarSection, CarStream } from './car-reader.ts';
import type { FilledGaps } from './filled-gaps.ts';
import { type AbsenceRecord, type LeftOut, OfferedAbsences } from './offered-absences.ts';
import { ReceivedBatch } from './received-batch.ts';
import { ReceivedObjects } from './received-objects.ts';

/** A ref as the stream names it. */
export interface StreamRef {
  readonly name: RefName;
  readonly commitId: CommitId;
}

/** Number of objects of a stream that were new, present, or kept out by a tombstone. */
export interface ReceivedCounts {
  added: number;
  present: number;
  excised: number;
}

/** Result of receiving a stream's sections. */
export interface Received {
  readonly refs: readonly StreamRef[];
  readonly counts: ReceivedCounts;
  readonly offered: OfferedAbsences;
  /** All objects of the stream, where the store had no refs and nothing of the stream is absent on purpose. */
  readonly objects: ReceivedObjects | undefined;
}

/**
 * Opens one section, and returns the class of an object or the record of a ref, tombstone or stub; throws unless its bytes
 * are what its CID says and valid.
 */
export function openSection(section: CarSection): ObjectClass | RefRecord | AbsenceRecord {
  const { frame, bytes } = section;
  // @spec DML-STO-1012
  if (!isIdAt(frame, DIGEST_OFFSET, hashBytes(bytes)))
    throw transferError('cid_mismatch', { objectId: section.link.id });
  if (frame[CODEC_OFFSET] === RAW) return 'chunk';
  try {
    const type = checkRecord(bytes);
    if (type === 'ref' || type === 'tombstone' || type === 'stub') return decodeRecord(bytes, type);
    if (type !== 'meta') return type;
  } catch (cause) {
    // @spec DML-STO-1014 DML-STO-1044
    throw transferError(
      isNewerFormat(cause) ? 'newer_format' : 'record_invalid',
      { objectId: section.link.id },
      cause,
    );
  }
  throw transferError('record_unexpected', { objectId: section.link.id });
}

/** Takes the ref records that lead a stream. */
export async function receiveRefs(stream: CarStream): Promise<StreamRef[]> {
  const refs: StreamRef[] = [];
  for (const root of stream.roots) {
    const next = await stream.sections.next();
    // @spec DML-STO-1032
    if (next.done === true || !isSameLink(next.value.link, root)) throw transferError('roots_form');
    const record = openSection(next.value);
    if (typeof record === 'string' || record.type !== 'ref') throw transferError('roots_form');
    refs.push({ name: streamRefName(record.name), commitId: record.commitId });
  }
  return refs;
}

/** Reads a ref name whose parts are percent-encoded; the record's own rules hold already. */
function streamRefName(encoded: string): RefName {
  const prefix = 'refs/';
  const key = Buffer.from(encoded.slice(prefix.length), 'utf8');
  const name = asRefName(parseRefKey(key));
  if (!encoded.startsWith(prefix) || !refKey(name).equals(key))
    throw storeError('ref_name_invalid', { refName: encoded });
  return name;
}

function isSameLink(left: CarLink, right: CarLink): boolean {
  return left.codec === right.codec && left.id === right.id;
}

/** Facts and observers of a store that receives a stream. */
export interface Receiving {
  readonly engine: Engine;
  readonly gaps: FilledGaps;
  readonly leftOut?: LeftOut | undefined;
  readonly onBatch: (counts: ReceivedCounts) => void;
}

/**
 * Puts every object of a stream, batch by batch; nothing is referenced yet.
 * Objects put so far stay as session writes of this session when the stream turns out to be bad or cut off.
 */
export async function receiveStream(
  host: Transactor,
  stream: CarStream,
  { engine, gaps, leftOut, onBatch }: Receiving,
): Promise<Received> {
  const refs = await receiveRefs(stream);
  const counts: ReceivedCounts = { added: 0, present: 0, excised: 0 };
  const offered = new OfferedAbsences(leftOut);
  const batch = new ReceivedBatch();
  const key = Buffer.alloc(OBJECT_KEY_BYTES);
  const objects = rowCount(engine, 'refs') === 0 ? new ReceivedObjects() : undefined;
  const flush = (): void => {
    // @spec DML-STO-1031 DML-STO-1024
    host.transact('import/objects', (transaction) => putBatch(transaction, batch, { counts, gaps }));
    onBatch(counts);
    batch.clear();
  };
  for await (const first of stream.sections) {
    for (
      let section: CarSection | undefined = first;
      section !== undefined;
      section = stream.takeBuffered()
    ) {
      const opened = openSection(section);
      if (typeof opened === 'string') {
        key[0] = CLASS_BYTES[opened];
        section.frame.copy(key, 1, DIGEST_OFFSET, CID_BYTES);
        batch.add(key, section.bytes);
        objects?.add(key, section.bytes);
        // @spec DML-STO-1028
        if (!batch.isFull) continue;
        flush();
        await setImmediate();
      } else if (opened.type !== 'ref') offered.add(opened, section.bytes.length);
      else throw transferError('record_unexpected', { objectId: section.link.id });
    }
  }
  if (batch.count > 0) flush();
  refreshSnapshot(engine);
  const isWhole = offered.count === 0 && !hasAnyStub(engine) && rowCount(engine, 'excised') === 0;
  return { refs, counts, offered, objects: isWhole ? objects : undefined };
}

function putBatch(
  transaction: WriteTransaction,
  batch: ReceivedBatch,
  { counts, gaps }: { readonly counts: ReceivedCounts; readonly gaps: FilledGaps },
): void {
  const { engine } = transaction;
  const hasStubs = hasAnyStub(engine);
  transaction.walked = gaps.walked;
  const hasExcised = rowCount(engine, 'excised') > 0;
  const before = rowCount(engine, 'objects');
  let excised = 0;
  batch.inKeyOrder((key, value, sizeBytes) => {
    // @spec DML-STO-1025
    if (hasExcised && hasRow(engine, 'excised', key)) {
      excised += 1;
      return;
    }
    if (hasStubs) gaps.note(engine, key);
    // Opening its section has hashed it. @spec DML-STO-1023
    transaction.putStaged(key, value, sizeBytes);
  });
  const added = rowCount(engine, 'objects') - before;
  counts.excised += excised;
  counts.added += added;
  counts.present += batch.count - excised - added;
}

/** Counts the rows of a table as the transaction sees it. */
function rowCount(engine: Engine, table: 'excised' | 'objects' | 'refs'): number {
  engine.drain?.();
  return (engine.tables[table].getStats() as { readonly entryCount: number }).entryCount;
}
