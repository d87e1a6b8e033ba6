import type { Engine } from '../engine/engine.ts';
import { hasRow, readKeys, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { CLASS_BYTES, describeKey, OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { TallyCounter } from '../walk/tally.ts';
import { ReadyQueue } from './ready-queue.ts';

/**
 * An object that may go waits while others may that hold back more: one that links to nodes, dags or commits goes
 * at once, one that links to values alone waits for those, one that holds back nothing goes last. So most objects
 * go together with all their neighbours, which share the pages they are deleted from.
 */
const HOLDS_RECORDS = 0;
const HOLDS_VALUES = 1;
const HOLDS_NOTHING = 2;
const LEVEL_COUNT = 3;

/**
 * The objects no root reaches, with the order in which they may go.
 *
 * An object may go only after everything that links to it is gone. So whatever is present at any moment has
 * all it links to, also in the middle of a sweep and after a crash in it, and a writer that puts or retains a
 * present object need not ask whether half of it has been swept.
 *
 * @spec DML-STO-0724
 */
export class GarbageSet {
  readonly keys: ObjectKeySet = new ObjectKeySet();
  readonly tally: TallyCounter = new TallyCounter();
  readonly #engine: Engine;
  readonly #marked: ObjectKeySet;
  readonly #rows: RowReader;
  #scanFrom: Buffer | undefined;
  /** Number of garbage objects that link to each. */
  #holders: Uint32Array = new Uint32Array(0);
  /** Kind of object that each garbage object holds back. */
  #levels: Uint8Array = new Uint8Array(0);
  readonly #ready: ReadyQueue = new ReadyQueue(LEVEL_COUNT, (ordinal) => this.#rankOf(ordinal));
  #scanned = 0;
  #counted = 0;

  constructor(engine: Engine, marked: ObjectKeySet) {
    this.#engine = engine;
    this.#rows = new RowReader(engine);
    this.#marked = marked;
  }

  /** Objects looked at so far. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Condemned objects whose links have been counted so far. */
  get counted(): number {
    return this.#counted;
  }

  /** Looks at up to `budget` objects in key order and returns whether more are left. */
  scan(budget: number): boolean {
    refreshSnapshot(this.#engine);
    const from = this.#scanFrom;
    const keys = readKeys(this.#engine, 'objects', {
      limit: budget,
      ...(from === undefined ? {} : { start: from, exclusiveStart: true }),
    });
    const hasExcised = readKeys(this.#engine, 'excised', { limit: 1 }).length > 0;
    for (const key of keys) {
      if (this.#marked.has(key) || (hasExcised && hasRow(this.#engine, 'excised', key))) continue;
      this.keys.add(key);
    }
    this.#scanned += keys.length;
    this.#scanFrom = keys.at(-1) ?? from;
    return keys.length === budget;
  }

  /**
   * Counts the links among up to `budget` garbage objects and returns whether more are left; throws `gc_refused` with
   * `newer_format`.
   */
  count(budget: number): boolean {
    if (this.#holders.length < this.keys.size) {
      this.#holders = new Uint32Array(this.keys.size);
      this.#levels = new Uint8Array(this.keys.size).fill(HOLDS_NOTHING);
    }
    const end = Math.min(this.#counted + budget, this.keys.size);
    for (; this.#counted < end; this.#counted += 1) {
      const key = this.keys.keyAt(this.#counted);
      const state = this.#rows.look(key);
      // @spec DML-STO-0719
      if (state === 'newer') throw newerRefusal(key);
      if (state !== 'present' && state !== 'damaged') continue;
      this.tally.add(key[0] as number, this.#rows.sizeBytes);
      const { links, linkCount } = this.#rows;
      for (let index = 0; index < linkCount; index += 1) {
        const ordinal = this.keys.ordinalOf(links, index * OBJECT_KEY_BYTES);
        if (ordinal === undefined) continue;
        this.#holders[ordinal] = (this.#holders[ordinal] as number) + 1;
        const level = isValueClass(links[index * OBJECT_KEY_BYTES] as number) ? HOLDS_VALUES : HOLDS_RECORDS;
        if (level < (this.#levels[this.#counted] as number)) this.#levels[this.#counted] = level;
      }
    }
    if (this.#counted < this.keys.size) return true;
    for (let ordinal = 0; ordinal < this.keys.size; ordinal += 1)
      if (this.#holders[ordinal] === 0) this.#ready.add(ordinal, this.#levels[ordinal] as number);
    return false;
  }

  /** True when an object is left that nothing present links to and that has not been taken. */
  get hasReady(): boolean {
    return !this.#ready.isEmpty;
  }

  /** Takes the next ready object and returns its key; undefined when none is ready. */
  take(): Uint8Array | undefined {
    const ordinal = this.#ready.take();
    return ordinal === undefined ? undefined : this.keys.keyAt(ordinal);
  }

  /** Class and first three bytes of the id: near enough to the order of keys. */
  #rankOf(ordinal: number): number {
    const key = this.keys.keyAt(ordinal);
    const [classByte, first, second, third] = key as unknown as [number, number, number, number];
    return ((classByte * 256 + first) * 256 + second) * 256 + third;
  }

  /** Notes that a taken object with these packed links is gone, which may make what it linked to ready. */
  release(links: Uint8Array, linkCount: number): void {
    for (let index = 0; index < linkCount; index += 1) {
      const ordinal = this.keys.ordinalOf(links, index * OBJECT_KEY_BYTES);
      if (ordinal === undefined) continue;
      const left = (this.#holders[ordinal] as number) - 1;
      this.#holders[ordinal] = left;
      if (left === 0) this.#ready.add(ordinal, this.#levels[ordinal] as number);
    }
  }
}

function newerRefusal(key: Uint8Array): Error {
  const { class: objectClass, objectId } = describeKey(key);
  return storeError('gc_refused', { detail: 'newer_format', class: objectClass, objectId });
}

function isValueClass(classByte: number): boolean {
  return classByte === CLASS_BYTES.datum || classByte === CLASS_BYTES.page || classByte === CLASS_BYTES.chunk;
}
