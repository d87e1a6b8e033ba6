import type { StubRecord, TombstoneRecord } from '@daggerml/object-model';
import { objectKey } from '../tables/keyspace.ts';
import { transferError } from './car-frame.ts';

/** Record in a stream for an object that it does not bring. */
export type AbsenceRecord = TombstoneRecord | StubRecord;

/** Held until it is known which of them are wanted. */
const MAX_RECORDS = 100_000;
const MAX_BYTES: number = 16 * 2 ** 20;

/** The tombstones and stubs of a stream by the objects that they stand for. */
export class OfferedAbsences {
  readonly #records: Map<string, AbsenceRecord> = new Map();
  #bytes = 0;

  /** Holds a record of so many bytes; throws `transfer_invalid` with `too_many_absences`. */
  add(record: AbsenceRecord, sizeBytes: number): void {
    const name = nameOf(objectKey(record.objectClass, record.objectId) as Buffer);
    this.#bytes += sizeBytes;
    // @spec DML-STO-1038
    if (this.#records.size >= MAX_RECORDS || this.#bytes > MAX_BYTES)
      throw transferError('too_many_absences', { limit: MAX_RECORDS, limitBytes: MAX_BYTES });
    this.#records.set(name, record);
  }

  /** Returns what stands for the object with a key; undefined when nothing does. */
  get(key: Uint8Array): AbsenceRecord | undefined {
    return this.#records.get(nameOf(key));
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
