import type { Engine } from '../engine/engine.ts';
import { hasRow } from '../engine/reading.ts';
import { readStubAt, type StubFacts } from '../objects/stubs.ts';
import { listWritesRows, readWritesRow } from '../sessions/session-writes.ts';
import { OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/**
 * The withheld objects that a stream brings, with the stubs whose place they take. Refs of the store may reach them
 * already, so they are checked like what new refs reach, and withheld again where the stream is refused.
 */
export class FilledGaps {
  readonly #stubs: Map<string, StubFacts> = new Map();

  /** Keys below which nothing is absent without a stub. */
  readonly walked: ObjectKeySet = new ObjectKeySet();

  /** Notes that an object is about to be put. */
  note(engine: Engine, key: Buffer): void {
    const stub = readStubAt(engine, key);
    if (stub !== undefined) this.#stubs.set(key.toString('latin1'), stub);
  }

  has(key: Uint8Array): boolean {
    return this.#stubs.size > 0 && this.#stubs.has(Buffer.from(key).toString('latin1'));
  }

  *keys(): Generator<Buffer, void, undefined> {
    for (const name of this.#stubs.keys()) yield Buffer.from(name, 'latin1');
  }

  get size(): number {
    return this.#stubs.size;
  }

  /** Puts the stubs back, but for objects that another session has put or retained since. */
  withdraw(transaction: WriteTransaction, ownSessionId: string): void {
    const { engine } = transaction;
    const kept = this.#keysOfOthers(engine, ownSessionId);
    for (const [name, stub] of this.#stubs) {
      const key = Buffer.from(name, 'latin1');
      // What was not put after all still has its stub.
      if (kept.has(name) || hasRow(engine, 'stubs', key) || hasRow(engine, 'excised', key)) continue;
      transaction.deleteRow('objects', key);
      transaction.putStub(stub);
    }
  }

  #keysOfOthers(engine: Engine, ownSessionId: string): ReadonlySet<string> {
    const kept = new Set<string>();
    for (const row of listWritesRows(engine, 0)) {
      if (row.sessionId === ownSessionId) continue;
      const keys = readWritesRow(engine, row) ?? Buffer.alloc(0);
      for (let at = 0; at < keys.length; at += OBJECT_KEY_BYTES) {
        const name = keys.toString('latin1', at, at + OBJECT_KEY_BYTES);
        if (this.#stubs.has(name)) kept.add(name);
      }
    }
    return kept;
  }
}
