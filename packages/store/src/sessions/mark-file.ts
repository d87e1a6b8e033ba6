import { closeSync, constants, fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { adoptRights, FILE_MODE } from '../store-folder/file-rights.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { DATA_FILE, marksFile } from '../store-folder/places.ts';

/** One place in the file: a byte that says what is there, and the 32 bytes of a mark. */
const SLOT_BYTES = 33;
const MARK_BYTES = 32;
const FIRST_SLOTS = 64;
/** Room for some two million marks; the file of another user may have any size. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** State of a mark: an undecided one may be about to go. */
const UNDECIDED = 1;
const DECIDED = 2;

/**
 * The marks of one session in a file of its own, which others read while it changes: each has a place that it keeps,
 * and a free place begins with 0.
 */
export class MarkFile {
  readonly #descriptor: number;
  /** The file as it is. */
  #bytes: Buffer = Buffer.alloc(FIRST_SLOTS * SLOT_BYTES);
  /** Free places, the lowest last. */
  #free: number[] = freeSlots(0, FIRST_SLOTS);
  readonly #slots = new Map<string, number>();
  /** Marks that were added more than once, with how often more. */
  readonly #more = new Map<string, number>();

  /** Creates the file, for everybody who may read the store; throws what the system answers. */
  constructor(folder: HeldFolder, sessionId: string) {
    this.#descriptor = folder.createFile(marksFile(sessionId), FILE_MODE);
    const data = folder.look(DATA_FILE);
    if (data) adoptRights(this.#descriptor, data);
  }

  /** Adds marks, as often as they are removed later, which are in the file when this returns. */
  add(marks: Iterable<string>): void {
    let [from, to] = [Number.POSITIVE_INFINITY, 0];
    for (const mark of marks) {
      if (this.#slots.has(mark)) {
        this.#more.set(mark, (this.#more.get(mark) ?? 0) + 1);
        continue;
      }
      const slot = this.#free.pop() ?? this.#grow();
      this.#slots.set(mark, slot);
      this.#bytes[slot * SLOT_BYTES] = UNDECIDED;
      this.#bytes.write(mark, slot * SLOT_BYTES + 1, MARK_BYTES, 'hex');
      from = Math.min(from, slot);
      to = Math.max(to, slot + 1);
    }
    this.#write(from, to);
  }

  /** Notes that marks have come to stay, at once or together with the next change. */
  decide(marks: Iterable<string>, isAtOnce: boolean): void {
    let [from, to] = [Number.POSITIVE_INFINITY, 0];
    for (const mark of marks) {
      const slot = this.#slots.get(mark);
      if (slot === undefined) continue;
      this.#bytes[slot * SLOT_BYTES] = DECIDED;
      from = Math.min(from, slot);
      to = Math.max(to, slot + 1);
    }
    if (isAtOnce) this.#write(from, to);
  }

  /** Removes marks; the lowest places are used again first. */
  remove(marks: Iterable<string>): void {
    const slots: number[] = [];
    for (const mark of marks) {
      const slot = this.#slots.get(mark);
      if (slot === undefined || this.#isLeft(mark)) continue;
      this.#slots.delete(mark);
      this.#bytes[slot * SLOT_BYTES] = 0;
      slots.push(slot);
    }
    if (slots.length === 0) return;
    slots.sort((a, b) => b - a);
    for (const slot of slots) this.#free.push(slot);
    this.#write(slots.at(-1) as number, (slots[0] as number) + 1);
  }

  /** Takes one of several additions of a mark away; false for the last. */
  #isLeft(mark: string): boolean {
    const more = this.#more.get(mark);
    if (more === undefined) return false;
    if (more === 1) this.#more.delete(mark);
    else this.#more.set(mark, more - 1);
    return true;
  }

  #grow(): number {
    const count = this.#bytes.length / SLOT_BYTES;
    const grown = Buffer.alloc(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#free = freeSlots(count, count * 2);
    return this.#free.pop() as number;
  }

  /** Writes the places of a range; what is in it and stays is written as it is. */
  #write(from: number, to: number): void {
    for (let at = from * SLOT_BYTES; at < to * SLOT_BYTES; )
      at += writeSync(this.#descriptor, this.#bytes, at, to * SLOT_BYTES - at, at);
  }

  /** Closes the file without a mark, also for those who have it open. */
  close(): void {
    try {
      ftruncateSync(this.#descriptor);
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

function freeSlots(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => to - 1 - index);
}

const START_BYTES = 6;

/** Marks that are looked for, most of which others do not have. */
export class WantedMarks {
  readonly marks: ReadonlySet<string>;
  readonly #starts = new Set<number>();

  constructor(marks: ReadonlySet<string>) {
    this.marks = marks;
    for (const mark of marks) this.#starts.add(Number.parseInt(mark.slice(0, 2 * START_BYTES), 16));
  }

  /** Checks whether a mark may begin with these six bytes, read as a number. */
  has(start: number): boolean {
    return this.#starts.has(start);
  }
}

/** Reads the marks of another session. */
export class MarkReader {
  readonly #descriptor: number;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Opens the marks of a session; undefined where it has none that this process may read. */
  static open(folder: HeldFolder, sessionId: string): MarkReader | undefined {
    try {
      return new MarkReader(folder.openFile(marksFile(sessionId), constants.O_RDONLY));
    } catch {
      // Marks spare work and nothing else. @spec DML-STO-1957
      return undefined;
    }
  }

  /** Calls `found` for each of some marks that is in the file, with whether it is decided. */
  read(wanted: WantedMarks, found: (mark: string, isDecided: boolean) => void): void {
    const bytes = this.#bytes();
    for (let at = 0; at + SLOT_BYTES <= bytes.length; at += SLOT_BYTES) {
      if (bytes[at] === 0 || !wanted.has(bytes.readUIntBE(at + 1, START_BYTES))) continue;
      const mark = bytes.toString('hex', at + 1, at + SLOT_BYTES);
      if (wanted.marks.has(mark)) found(mark, bytes[at] === DECIDED);
    }
  }

  /** Reads the file; nothing of one that no session makes, or that cannot be read. */
  #bytes(): Buffer {
    try {
      const { size } = fstatSync(this.#descriptor);
      // @spec DML-STO-1961
      if (size === 0 || size > MAX_FILE_BYTES) return NOTHING;
      const bytes = Buffer.allocUnsafe(size);
      return bytes.subarray(0, readSync(this.#descriptor, bytes, 0, size, 0));
    } catch {
      return NOTHING;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
