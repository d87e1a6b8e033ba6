import { setImmediate } from 'node:timers/promises';
import {
  type CommitId,
  decodeRecord,
  hashBytes,
  isNewerFormat,
  type RefRecord,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { hasAnyStub } from '../objects/stubs.ts';
import { asRefName, parseRefKey, type RefName, refKey } from '../refs/ref-name.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { Transactor, WriteTransaction } from '../write-transaction.ts';
import { type CarLink, transferError } from './car-frame.ts';
import type { CarSection, CarStream } from './car-reader.ts';
import type { FilledGaps } from './filled-gaps.ts';
import { type AbsenceRecord, type LeftOut, OfferedAbsences } from './offered-absences.ts';
import { type PendingObject, ReceivedBatch } from './received-batch.ts';

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
}

/** Opens one section; throws unless its bytes are what its CID says, and a valid record of an object, ref, tombstone or stub. */
export function openSection({ link, bytes }: CarSection): PendingObject | RefRecord | AbsenceRecord {
  // @spec DML-STO-1012
  if (hashBytes(bytes) !== link.id) throw transferError('cid_mismatch', { objectId: link.id });
  if (link.codec === 0x55) return { class: 'chunk', id: link.id, bytes };
  let record: ReturnType<typeof decodeRecord>;
  try {
    record = decodeRecord(bytes);
  } catch (cause) {
    // @spec DML-STO-1014 DML-STO-1044
    throw transferError(
      isNewerFormat(cause) ? 'newer_format' : 'record_invalid',
      { objectId: link.id },
      cause,
    );
  }
  if (record.type === 'ref' || record.type === 'tombstone' || record.type === 'stub') return record;
  if (record.type === 'meta') throw transferError('record_unexpected', { objectId: link.id });
  return { class: record.type, id: link.id, bytes };
}

/** Takes the ref records that lead a stream. */
export async function receiveRefs(stream: CarStream): Promise<StreamRef[]> {
  const refs: StreamRef[] = [];
  for (const root of stream.roots) {
    const next = await stream.sections.next();
    // @spec DML-STO-1032
    if (next.done === true || !isSameLink(next.value.link, root)) throw transferError('roots_form');
    const record = openSection(next.value);
    if (!('type' in record) || record.type !== 'ref') throw transferError('roots_form');
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

/** Observers of a stream that is received. */
export interface Receiving {
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
  { gaps, leftOut, onBatch }: Receiving,
): Promise<Received> {
  const refs = await receiveRefs(stream);
  const counts: ReceivedCounts = { added: 0, present: 0, excised: 0 };
  const offered = new OfferedAbsences(leftOut);
  const batch = new ReceivedBatch();
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
      if ('bytes' in opened) {
        batch.add(opened);
        // @spec DML-STO-1028
        if (!batch.isFull) continue;
        flush();
        await setImmediate();
      } else if (opened.type !== 'ref') offered.add(opened, section.bytes.length);
      else throw transferError('record_unexpected', { objectId: section.link.id });
    }
  }
  if (batch.count > 0) flush();
  return { refs, counts, offered };
}

function putBatch(
  transaction: WriteTransaction,
  batch: ReceivedBatch,
  { counts, gaps }: { readonly counts: ReceivedCounts; readonly gaps: FilledGaps },
): void {
  const { engine } = transaction;
  const hasStubs = hasAnyStub(engine);
  const hasExcised = rowCount(engine, 'excised') > 0;
  const before = rowCount(engine, 'objects');
  let excised = 0;
  for (const object of batch.inKeyOrder()) {
    if (hasExcised || hasStubs) {
      const key = objectKey(object.class, object.id) as Buffer;
      // @spec DML-STO-1025
      if (hasRow(engine, 'excised', key)) {
        excised += 1;
        continue;
      }
      if (hasStubs) gaps.note(engine, key);
    }
    // Opening its section has hashed it. @spec DML-STO-1023
    transaction.putHashed(object.class, object.id, object.bytes);
  }
  const added = rowCount(engine, 'objects') - before;
  counts.excised += excised;
  counts.added += added;
  counts.present += batch.count - excised - added;
}

/** Counts the rows of a table as the transaction sees it. */
function rowCount(engine: Engine, table: 'excised' | 'objects'): number {
  engine.drain?.();
  return (engine.tables[table].getStats() as { readonly entryCount: number }).entryCount;
}
