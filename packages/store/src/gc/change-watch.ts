import type { Engine } from '../engine/engine.ts';
import { readKeys, readRows } from '../engine/reading.ts';
import { type JournalEntry, lastSequence } from '../refs/journal.ts';
import { parseRecentKey, recentKey } from '../sessions/session-writes.ts';
import { unsealJson } from '../tables/checksummed-row.ts';
import { sequenceKey } from '../tables/keyspace.ts';
import { readMeta } from '../tables/meta.ts';
import { type KeyedRoot, type RootSet, refRoot } from '../walk/roots.ts';
import type { Marker } from '../walk/tracer.ts';

/** Sees what writers did since the roots were read; the fence between them and the sweep. */
export interface ChangeWatch {
  /** Tells whether anything was put, retained or referenced that has not been added to the marker. */
  isBehind(): boolean;
  /** Adds to the marker all that is new; the caller then lets the marker walk until nothing waits. */
  catchUp(marker: Marker): void;
}

/**
 * Follows the generation of recent objects and the ref journal.
 *
 * Every put, also of an object that is there already, and every retain leaves a row of recent objects; every
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

  catchUp(marker: Marker): void {
    const generation = this.#currentGeneration();
    const sequence = lastSequence(this.#engine);
    // @spec DML-STO-0734
    marker.addRoots(this.#newRefs());
    for (const key of readKeys(this.#engine, 'recents', { start: recentKey(this.#generation + 1, '') })) {
      marker.addRecentRow(parseRecentKey(key));
    }
    this.#generation = generation;
    this.#sequence = sequence;
  }

  #newRefs(): KeyedRoot[] {
    const roots: KeyedRoot[] = [];
    for (const row of readRows(this.#engine, 'journal', { start: sequenceKey(this.#sequence + 1) })) {
      const entry = unsealJson<JournalEntry>('journal', row.key, row.value);
      if (entry.new !== null) roots.push(refRoot(entry.ref, entry.new));
    }
    return roots;
  }

  #currentGeneration(): number {
    return Number(readMeta(this.#engine, 'generation') ?? 0);
  }
}
