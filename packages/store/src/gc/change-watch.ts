import type { Engine } from '../engine/engine.ts';
import { readKeys, readRows } from '../engine/reading.ts';
import { type JournalEntry, lastSequence } from '../refs/journal.ts';
import { parseWritesKey, writesKey } from '../sessions/session-writes.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import { sequenceKey } from '../tables/keyspace.ts';
import { readMeta } from '../tables/meta.ts';
import { type KeyedRoot, type RootSet, refRoot } from '../walk/roots.ts';
import type { Tracer } from '../walk/tracer.ts';

/** Sees what writers did since the roots were read; the fence between them and the sweep. */
export interface ChangeWatch {
  /** Checks whether anything was put, retained or referenced that has not been added to the tracer. */
  isBehind(): boolean;
  /** Adds to the tracer all that is new; the caller then lets the tracer walk until nothing waits. */
  catchUp(tracer: Tracer): void;
}

/**
 * Follows the generation of session writes and the ref journal.
 *
 * Every put, also of an object that is there already, and every retain leaves a row of session writes; every
 * ref update leaves a journal row. A sweep slice that finds neither in its own transaction therefore knows
 * that nothing it is about to delete has come into use.
 */
export class StoreChangeWatch implements ChangeWatch {
  readonly #engine: Engine;
  #generation: number;
  #sequence: number;

  constructor(engine: Engine, roots: RootSet) {
    this.#engine = engine;
    this.#generation = roots.generation;
    this.#sequence = roots.sequence;
  }

  isBehind(): boolean {
    return this.#currentGeneration() > this.#generation || lastSequence(this.#engine) > this.#sequence;
  }

  catchUp(tracer: Tracer): void {
    const generation = this.#currentGeneration();
    const sequence = lastSequence(this.#engine);
    // @spec DML-STO-0734
    tracer.addRoots(this.#newRefs());
    for (const key of readKeys(this.#engine, 'recents', { start: writesKey(this.#generation + 1, '') })) {
      tracer.addWritesRow(parseWritesKey(key));
    }
    this.#generation = generation;
    this.#sequence = sequence;
  }

  #newRefs(): KeyedRoot[] {
    const roots: KeyedRoot[] = [];
    for (const row of readRows(this.#engine, 'journal', { start: sequenceKey(this.#sequence + 1) })) {
      const entry = decodeJsonRow<JournalEntry>('journal', row.key, row.value);
      if (entry.new !== null) roots.push(refRoot(entry.ref, entry.new));
    }
    return roots;
  }

  #currentGeneration(): number {
    return Number(readMeta(this.#engine, 'generation') ?? 0);
  }
}
