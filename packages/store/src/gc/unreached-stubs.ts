import type { Engine } from '../engine/engine.ts';
import { readKeys } from '../engine/reading.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Removes stubs that nothing reaches, once everything that linked to their objects is gone. */
export class UnreachedStubs {
  readonly #marked: ObjectKeySet;
  #from: Buffer | undefined;
  #hasMore: boolean;

  constructor(engine: Engine, marked: ObjectKeySet) {
    this.#marked = marked;
    this.#hasMore = readKeys(engine, 'stubs', { limit: 1 }).length > 0;
  }

  /** True when stubs are left that have not been looked at. */
  get hasMore(): boolean {
    return this.#hasMore;
  }

  /**
   * Looks at up to `limit` stubs, removes those of unmarked objects and returns how many it looked at.
   * The caller has made sure, in this transaction, that every object in use is marked.
   */
  remove(transaction: WriteTransaction, limit: number): number {
    const range = this.#from === undefined ? {} : { start: this.#from, exclusiveStart: true };
    const keys = readKeys(transaction.engine, 'stubs', { ...range, limit });
    // @spec DML-STO-0839
    for (const key of keys) if (!this.#marked.has(key)) transaction.deleteRow('stubs', key);
    this.#from = keys.at(-1) ?? this.#from;
    this.#hasMore = keys.length === limit;
    return keys.length;
  }
}
