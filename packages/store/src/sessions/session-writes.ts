import type { Engine } from '../engine/engine.ts';
import { readKeys, readRow, refreshSnapshot } from '../engine/reading.ts';
import { decodeRow, encodeRow } from '../tables/checksummed-row.ts';
import { OBJECT_KEY_BYTES, parseSequenceKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Objects one row holds, so that no row passes a mebibyte. */
const OBJECTS_PER_ROW = 30_000;

/** Collects the objects a transaction puts or references again, as their packed keys. */
export class SessionWrites {
  #bytes: Buffer = Buffer.allocUnsafeSlow(64 * OBJECT_KEY_BYTES);
  #length = 0;

  /** Adds the objects whose keys are packed in `keys`; the bytes are copied. */
  add(keys: Uint8Array): void {
    const end = this.#length + keys.length;
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(keys, this.#length);
    this.#length = end;
  }

  /** Puts the packed keys in rows of bounded size, each of a generation of its own. */
  put(transaction: WriteTransaction, sessionId: string): void {
    if (this.#length === 0) return;
    let generation = Number(transaction.getMeta('generation') ?? 0);
    const step = OBJECTS_PER_ROW * OBJECT_KEY_BYTES;
    for (let from = 0; from < this.#length; from += step) {
      const packed = this.#bytes.subarray(from, Math.min(from + step, this.#length));
      generation += 1;
      const key = writesKey(generation, sessionId);
      transaction.putRow('recents', key, encodeRow('recents', key, packed));
    }
    transaction.setMeta('generation', generation);
  }
}

/** Position of one row of session writes; rows sort by generation. */
export interface WritesRow {
  readonly generation: number;
  readonly sessionId: string;
  readonly key: Buffer;
}

/** Returns the key of a row: generation (8 bytes), session (16 bytes). */
export function writesKey(generation: number, sessionId: string): Buffer {
  const key = Buffer.alloc(24);
  key.writeBigUInt64BE(BigInt(generation));
  key.write(sessionId.replaceAll('-', ''), 8, 16, 'hex');
  return key;
}

/** Reads generation and session back from the key of a row. */
export function parseWritesKey(key: Buffer): WritesRow {
  const hex = key.subarray(8).toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return { generation: parseSequenceKey(key), sessionId: parts.join('-'), key };
}

/** Lists the rows whose generation is at least `fromGeneration`, oldest first, at the newest commit. */
export function listWritesRows(engine: Engine, fromGeneration: number): WritesRow[] {
  refreshSnapshot(engine);
  return readKeys(engine, 'recents', { start: writesKey(fromGeneration, '') }).map(parseWritesKey);
}

/** Returns the packed 33-byte object keys of one row; undefined when the row is gone. */
export function readWritesRow(engine: Engine, row: WritesRow): Buffer | undefined {
  const bytes = readRow(engine, 'recents', row.key);
  return bytes && decodeRow('recents', row.key, bytes);
}
