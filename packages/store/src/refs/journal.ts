import type { CommitId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows, readKeys, readRows, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import { parseSequenceKey, sequenceKey } from '../tables/keyspace.ts';
import type { RefName } from './ref-name.ts';

/** One ref update as it happened. */
export interface JournalEntry {
  readonly sequence: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly ref: RefName;
  readonly old: CommitId | null;
  readonly new: CommitId | null;
  readonly reason: string;
}

/** The refs that stood after some sequence. */
export type RefState = ReadonlyMap<RefName, CommitId>;

type SnapshotPart = readonly (readonly [RefName, CommitId])[];

/** Returns the sequence of the newest journal row, 0 before the first; reads at the current snapshot. */
export function lastSequence(engine: Engine): number {
  const [row] = readRows(engine, 'journal', { reverse: true, limit: 1 });
  // @spec DML-STO-0408
  return row === undefined ? 0 : parseSequenceKey(row.key);
}

/** Iterates journal rows after `afterSequence`, oldest first; unbounded by any one snapshot. */
export function* iterateJournal(engine: Engine, afterSequence: number): Generator<JournalEntry> {
  // @spec DML-STO-0411
  if (!Number.isSafeInteger(afterSequence) || afterSequence < 0)
    throw storeError('sequence_unknown', { sequence: afterSequence, lastSequence: lastSequence(engine) });
  for (const row of iterateRows(engine, 'journal', { start: sequenceKey(afterSequence + 1) })) {
    yield decodeJsonRow<JournalEntry>('journal', row.key, row.value);
  }
}

/** Returns the key of one part of the snapshot taken at `sequence`. */
export function snapshotKey(sequence: number, part: number): Buffer {
  const key = Buffer.alloc(12);
  key.writeBigUInt64BE(BigInt(sequence));
  key.writeUInt32BE(part, 8);
  return key;
}

/** Refs in every part of a snapshot but the last, which holds fewer. */
export const REFS_PER_SNAPSHOT_PART = 2000;

/** Returns the sequence of the newest snapshot at or before a sequence, 0 when there is none. */
export function newestSnapshotSequence(engine: Engine, sequence: number = Number.MAX_SAFE_INTEGER): number {
  const start = snapshotKey(sequence, 0xffffffff);
  const [newest] = readKeys(engine, 'snapshots', { reverse: true, limit: 1, start });
  return newest === undefined ? 0 : parseSequenceKey(newest);
}

/** Reads the snapshot taken at a sequence; undefined when a part of it is missing. */
function readSnapshot(engine: Engine, at: number): Map<RefName, CommitId> | undefined {
  const refs = new Map<RefName, CommitId>();
  const range = { start: snapshotKey(at, 0), end: snapshotKey(at + 1, 0) };
  let lastSize = REFS_PER_SNAPSHOT_PART;
  for (const [part, row] of readRows(engine, 'snapshots', range).entries()) {
    if (row.key.readUInt32BE(8) !== part || lastSize < REFS_PER_SNAPSHOT_PART) return undefined;
    const entries = decodeJsonRow<SnapshotPart>('snapshots', row.key, row.value);
    for (const [name, id] of entries) refs.set(name, id);
    lastSize = entries.length;
  }
  return lastSize < REFS_PER_SNAPSHOT_PART ? refs : undefined;
}

/** Returns the newest whole snapshot at or before a sequence; before the first one there are no refs. */
function newestSnapshot(
  engine: Engine,
  sequence: number,
): { sequence: number; refs: Map<RefName, CommitId> } {
  let at = newestSnapshotSequence(engine, sequence);
  while (at > 0) {
    const refs = readSnapshot(engine, at);
    if (refs !== undefined) return { sequence: at, refs };
    // The journal holds all that a snapshot does. @spec DML-STO-0410
    at = newestSnapshotSequence(engine, at - 1);
  }
  return { sequence: 0, refs: new Map() };
}

/**
 * Rebuilds the refs as they stood after `sequence` from the newest snapshot at or before it and the journal
 * rows between. Throws `sequence_unknown` for a sequence the journal has not reached.
 */
export function refsAtSequence(engine: Engine, sequence: number): RefState {
  refreshSnapshot(engine);
  const last = lastSequence(engine);
  if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > last) {
    // @spec DML-STO-0407
    throw storeError('sequence_unknown', { sequence, lastSequence: last });
  }
  const base = newestSnapshot(engine, sequence);
  let expected = base.sequence + 1;
  const range = { start: sequenceKey(expected), end: sequenceKey(sequence + 1) };
  for (const row of readRows(engine, 'journal', range)) {
    const entry = decodeJsonRow<JournalEntry>('journal', row.key, row.value);
    if (entry.sequence !== expected) break;
    expected += 1;
    if (entry.new === null) base.refs.delete(entry.ref);
    // @spec DML-STO-0404
    else base.refs.set(entry.ref, entry.new);
  }
  // @spec DML-STO-0406
  if (expected !== sequence + 1) throw storeError('store_damaged', { table: 'journal', detail: 'gap' });
  return base.refs;
}
