import type { Engine } from '../engine/engine.ts';
import { storeError } from '../errors.ts';
import { isReferenceRef } from '../refs/ref-name.ts';
import { readWritesRow, type WritesRow } from '../sessions/session-writes.ts';
import { describeKey, OBJECT_KEY_BYTES, parseObjectKey } from '../tables/keyspace.ts';
import { NO_PARENT, ObjectKeySet } from './object-key-set.ts';
import type { GcRoot, KeyedRoot } from './roots.ts';
import { RowReader } from './row-reader.ts';
import { TallyCounter } from './tally.ts';

/** Ordinals of session writes added as roots together, and the session they belong to. */
interface WritesSpan {
  readonly from: number;
  readonly to: number;
  readonly sessionId: string;
}

/**
 * Finds everything reachable from the roots given to it, breadth first and in steps.
 *
 * The set of found objects is also the queue: what lies behind `#next` has been visited. Objects reached from
 * refs and holds must be whole; those only a session holds may still wait for their links to be written, so a
 * link that leads nowhere is no fault there.
 */
export class Tracer {
  readonly found: ObjectKeySet = new ObjectKeySet();
  readonly tally: TallyCounter = new TallyCounter();
  readonly #engine: Engine;
  readonly #roots: Map<number, KeyedRoot['root']> = new Map();
  readonly #sessionSpans: WritesSpan[] = [];
  /** Found and visited while absent; they must be visited again should they be put after all. */
  readonly #holes: Set<number> = new Set();
  readonly #rows: RowReader;
  readonly #refusalCode: 'gc_refused' | 'backup_refused';
  #next = 0;

  /** Creates a tracer that throws its errors for what should be whole, and is not, with the code `refusal`. */
  constructor(engine: Engine, refusal: 'gc_refused' | 'backup_refused' = 'gc_refused') {
    this.#engine = engine;
    this.#refusalCode = refusal;
    this.#rows = new RowReader(engine);
  }

  /** Objects found and not yet visited. */
  get waiting(): number {
    return this.found.size - this.#next;
  }

  /**
   * Adds refs and holds as roots and refuses those that cannot be read.
   *
   * @spec DML-STO-0711
   */
  addRoots(roots: Iterable<KeyedRoot>): void {
    for (const { root, key } of roots) {
      const ordinal = this.found.size;
      if (this.found.add(key)) this.#roots.set(ordinal, root);
      else this.#fillHole(key, 0);
      if (this.#rows.look(key) === 'absent') {
        throw storeError(this.#refusalCode, { detail: 'root_unreadable', ...describeRoot(root) });
      }
    }
  }

  /** Adds the objects of one row of session writes as roots; a row that is gone adds none. */
  addWritesRow(row: WritesRow): void {
    const keys = readWritesRow(this.#engine, row);
    if (keys === undefined) return;
    const from = this.found.size;
    for (let offset = 0; offset < keys.length; offset += OBJECT_KEY_BYTES) {
      if (!this.found.add(keys, offset)) this.#fillHole(keys, offset);
    }
    const to = this.found.size;
    if (to > from) this.#sessionSpans.push({ from, to, sessionId: row.sessionId });
  }

  /**
   * Visits up to `budget` found objects and returns whether more wait.
   * `strict` refuses a link that leads to no object: a closure that should be whole has a hole.
   */
  step(budget: number, strict: boolean): boolean {
    for (let left = budget; left > 0 && this.#next < this.found.size; left -= 1) {
      this.#visit(this.#next, strict);
      this.#next += 1;
    }
    return this.#next < this.found.size;
  }

  #visit(ordinal: number, strict: boolean): void {
    const key = this.found.keyAt(ordinal);
    const state = this.#rows.look(key);
    if (state === 'excised') return;
    // @spec DML-STO-0713
    if (state === 'damaged') throw this.#refusal('object_damaged', ordinal, key);
    // @spec DML-STO-0717
    if (state === 'newer') throw this.#refusal('newer_format', ordinal, key);
    if (state === 'absent' || state === 'withheld') {
      // @spec DML-STO-0712 DML-STO-0838
      if (strict && state === 'absent') throw this.#refusal('closure_incomplete', ordinal, key);
      this.#holes.add(ordinal);
      return;
    }
    this.tally.add(key[0] as number, this.#rows.sizeBytes);
    this.#rows.addLinksTo(this.found, ordinal);
  }

  /** Visits an object that was absent when the walk passed it and is a root now. */
  #fillHole(keys: Uint8Array, offset: number): void {
    if (this.#holes.size === 0) return;
    const ordinal = this.found.ordinalOf(keys, offset) as number;
    if (this.#holes.delete(ordinal)) this.#visit(ordinal, false);
  }

  #refusal(detail: string, ordinal: number, key: Uint8Array): Error {
    const { class: objectClass, objectId } = describeKey(key);
    const parent = this.found.parentOf(ordinal);
    const holder = parent === NO_PARENT ? undefined : parseObjectKey(this.found.keyAt(parent));
    // Both codes stand here in words, where those who look for their wordings find the fields.
    return storeError(this.#refusalCode === 'gc_refused' ? 'gc_refused' : 'backup_refused', {
      detail,
      class: objectClass,
      objectId,
      linkedFrom: holder?.id ?? '',
    });
  }

  /** Returns the ordinals from a root down to `ordinal`, and the root; the shortest path there is. */
  pathTo(ordinal: number): { readonly root: GcRoot; readonly ordinals: readonly number[] } {
    const ordinals = [ordinal];
    for (
      let parent = this.found.parentOf(ordinal);
      parent !== NO_PARENT;
      parent = this.found.parentOf(parent)
    )
      ordinals.push(parent);
    ordinals.reverse();
    const first = ordinals[0] as number;
    const root = this.#roots.get(first) ?? { kind: 'session', sessionId: this.#sessionOf(first) };
    return { root, ordinals };
  }

  #sessionOf(ordinal: number): string {
    return this.#sessionSpans.find((span) => span.from <= ordinal && ordinal < span.to)?.sessionId ?? '';
  }
}

function describeRoot(root: KeyedRoot['root']): { readonly [field: string]: string } {
  return root.kind === 'ref'
    ? { ref: root.ref, class: isReferenceRef(root.ref) ? 'reference' : 'commit', objectId: root.commitId }
    : { owner: root.owner, class: root.class, objectId: root.objectId };
}
