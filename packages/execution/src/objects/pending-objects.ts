import { copyBytes, OBJECT_CLASS_NUMBERS, type ObjectClass } from '@daggerml/object-model';
import { ByteArena } from './byte-arena.ts';
import { IdIndex } from './id-index.ts';

const RECENT = 4096;
/** Number of objects after the last found one to search before the index. */
const NEAR = 4;
/** Leaves 28 bits for class and digits of the id in a number that is still exact. */
const MAX_COUNT = 2 ** 25;

/** The objects of one class, indexed as far as they were asked for. */
interface ClassIndex {
  readonly table: IdIndex;
  /** Objects with lower numbers are in the index. */
  upTo: number;
}

/**
 * Objects that wait to be written, in the order in which they came.
 *
 * A re-run of known calls adds some for every call and never asks for one, so ids are indexed only when they are
 * asked for, class by class. An object that comes again soon is kept once; later it may be kept twice.
 */
export class PendingObjects {
  readonly #slabs = new ByteArena();
  readonly #ids: string[] = [];
  readonly #classes: ObjectClass[] = [];
  /** Numbers of objects that came lately, plus one. */
  readonly #recent: Uint32Array = new Uint32Array(RECENT);
  readonly #indexes = new Map<ObjectClass, ClassIndex>();
  #sizeBytes = 0;
  /** The number found last: the members of a collection are often asked for in the order in which they came. */
  #found = -1;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get count(): number {
    return this.#ids.length;
  }

  /** Adds an object; short bytes are copied, long ones must not change any more. */
  add(objectClass: ObjectClass, objectId: string, bytes: Uint8Array): void {
    const slot = slotOf(objectId);
    const recent = (this.#recent[slot] as number) - 1;
    // A chunk may have the bytes, and so the id, of a record.
    if (recent >= 0 && this.#ids[recent] === objectId && this.#classes[recent] === objectClass) return;
    this.#slabs.add(bytes);
    this.#recent[slot] = this.#ids.push(objectId);
    this.#classes.push(objectClass);
    this.#sizeBytes += bytes.length;
    if (!this.#indexes.has(objectClass))
      this.#indexes.set(objectClass, { table: new IdIndex(this.#ids), upTo: 0 });
  }

  /** Adds an object whose bytes may change once this returns. */
  addCopy(objectClass: ObjectClass, objectId: string, bytes: Uint8Array): void {
    this.add(objectClass, objectId, ByteArena.copies(bytes.length) ? bytes : copyBytes(bytes));
  }

  /** Returns a view of an object's bytes; undefined when absent. */
  find(objectClass: ObjectClass, objectId: string): Uint8Array | undefined {
    for (let number = this.#found + 1; number <= this.#found + NEAR; number += 1) {
      if (this.#ids[number] === objectId && this.#classes[number] === objectClass) {
        this.#found = number;
        return this.#slabs.at(number);
      }
    }
    const index = this.#indexes.get(objectClass);
    if (!index) return undefined;
    const recent = (this.#recent[slotOf(objectId)] as number) - 1;
    if (recent >= 0 && this.#ids[recent] === objectId && this.#classes[recent] === objectClass)
      return this.#slabs.at(recent);
    for (; index.upTo < this.#ids.length; index.upTo += 1) {
      if (this.#classes[index.upTo] === objectClass) index.table.add(index.upTo);
    }
    const number = index.table.find(objectId);
    if (number === undefined) return undefined;
    this.#found = number;
    return this.#slabs.at(number);
  }

  /** Calls `take` with every object in the order in which they came. */
  forEach(take: (objectClass: ObjectClass, objectId: string, bytes: Uint8Array) => void): void {
    for (let number = 0; number < this.#ids.length; number += 1) this.#take(number, take);
  }

  /** Calls `take` with every object, by class and id: a store takes neighbours at a fraction of the cost. */
  forEachSorted(take: (objectClass: ObjectClass, objectId: string, bytes: Uint8Array) => void): void {
    const count = this.#ids.length;
    const ranked = new Float64Array(count);
    for (let number = 0; number < count; number += 1) {
      const prefix = prefixOf(this.#ids[number] as string);
      const classNumber = OBJECT_CLASS_NUMBERS[this.#classes[number] as ObjectClass];
      ranked[number] = (classNumber * 2 ** 24 + prefix) * MAX_COUNT + number;
    }
    for (const rank of ranked.sort()) this.#take(rank % MAX_COUNT, take);
  }

  #take(number: number, take: (objectClass: ObjectClass, objectId: string, bytes: Uint8Array) => void): void {
    take(this.#classes[number] as ObjectClass, this.#ids[number] as string, this.#slabs.at(number));
  }
}

/** Returns the number that the first six digits of an id stand for. */
function prefixOf(objectId: string): number {
  let prefix = 0;
  for (let at = 0; at < 6; at += 1) {
    const code = objectId.charCodeAt(at);
    prefix = (prefix << 4) | ((code & 15) + (code >> 6) * 9);
  }
  return prefix;
}

/** Ids are hashes: any of their digits do. */
function slotOf(objectId: string): number {
  const digits = objectId.charCodeAt(0) * 31 + objectId.charCodeAt(1);
  return (digits * 961 + objectId.charCodeAt(2) * 31 + objectId.charCodeAt(3)) % RECENT;
}
