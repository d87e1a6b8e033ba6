import type { ObjectClass, ObjectId, StubRecord, TombstoneRecord } from '@daggerml/object-model';
import { objectKey, parseObjectKey } from '../tables/keyspace.ts';
import { transferError } from './car-frame.ts';

/** Record in a stream for an object that it does not bring. */
export type AbsenceRecord = TombstoneRecord | StubRecord;

/** Held until it is known which of them are wanted. */
const MAX_RECORDS = 100_000;
const MAX_BYTES: number = 16 * 2 ** 20;

/** Objects that the caller of an import has left out of its stream. */
export interface LeftOut {
  has(objectClass: ObjectClass, id: ObjectId): boolean;
  /** URI of the remote that has them, at most 255 bytes. */
  readonly domain: string;
  readonly timeMs: number;
}

/** The tombstones and stubs of a stream by the objects that they stand for, and what was left out of it. */
export class OfferedAbsences {
  readonly #records: Map<string, AbsenceRecord> = new Map();
  readonly #leftOut: LeftOut | undefined;
  #bytes = 0;

  constructor(leftOut?: LeftOut) {
    this.#leftOut = leftOut;
  }

  /** Number of objects that records of the stream stand for. */
  get count(): number {
    return this.#records.size;
  }

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
    return this.#records.get(nameOf(key)) ?? this.#leftOutStub(key);
  }

  #leftOutStub(key: Uint8Array): StubRecord | undefined {
    const object = this.#leftOut && parseObjectKey(key);
    if (object === undefined || this.#leftOut?.has(object.class, object.id) !== true) return undefined;
    const { domain, timeMs } = this.#leftOut;
    // @spec DML-STO-1051
    return { type: 'stub', objectClass: object.class, objectId: object.id, domain, timeMs };
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
