import { type CommitId, decodeRecord, encodeRecord } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { prefixRange, readRow, readRows } from '../engine/reading.ts';
import { decodeRow, encodeRow } from '../tables/checksummed-row.ts';
import { parseRefKey, type RefKind, type RefName, refKey } from './ref-name.ts';

/** A ref as it stands: its commit and the journal sequence that last moved it. */
export interface Ref {
  readonly name: RefName;
  readonly commitId: CommitId;
  readonly sequence: number;
}

/** Asks for one ref to move from `expected` to `next`; null means absent. */
export interface RefUpdate {
  readonly ref: RefName;
  readonly expected: CommitId | null;
  readonly next: CommitId | null;
  readonly actor: string;
  readonly reason: string;
}

/** Outcome of a compare-and-swap; losing it is no error. */
export type RefUpdateResult =
  | { readonly applied: true; readonly sequence: number }
  | { readonly applied: false; readonly actual: CommitId | null };

/** Returns the checksummed row of a ref. */
export function encodeRef(ref: Ref): { key: Buffer; value: Buffer } {
  const key = refKey(ref.name);
  const record = {
    type: 'ref',
    name: key.toString('latin1'),
    commitId: ref.commitId,
    sequence: ref.sequence,
  } as const;
  return { key, value: encodeRow('refs', key, encodeRecord(record)) };
}

function decodeRef(key: Buffer, row: Buffer): Ref {
  const record = decodeRecord(decodeRow('refs', key, row), 'ref');
  return { name: parseRefKey(key), commitId: record.commitId, sequence: record.sequence };
}

/** Reads one ref at the current snapshot; undefined when absent. */
export function readRef(engine: Engine, name: RefName): Ref | undefined {
  const key = refKey(name);
  const row = readRow(engine, 'refs', key);
  return row && decodeRef(key, row);
}

/** Reads all refs, or those of one kind, sorted by key, at one snapshot. */
export function readRefs(engine: Engine, kind?: RefKind): Ref[] {
  const range = kind === undefined ? {} : prefixRange(Buffer.from(`${kind}/`));
  // @spec DML-STO-0308
  return readRows(engine, 'refs', range).map((row) => decodeRef(row.key, row.value));
}
