import type { Engine } from './engine/engine.ts';
import { prefixRange, readRow, readRows } from './engine/reading.ts';
import type { CommitId } from './model.ts';
import { type RefKind, type RefName, refKey } from './ref-name.ts';
import { sealJson, unsealJson } from './sealed-row.ts';

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

/** What became of a compare-and-swap; losing it is an outcome, not an error. */
export type RefUpdateResult =
  | { readonly applied: true; readonly sequence: number }
  | { readonly applied: false; readonly actual: CommitId | null };

/** Yields the sealed row of a ref. */
export function encodeRef(ref: Ref): { key: Buffer; value: Buffer } {
  const key = refKey(ref.name);
  return { key, value: sealJson('refs', key, [1, 7, ref.name, ref.commitId, ref.sequence]) };
}

function decodeRef(key: Buffer, row: Buffer): Ref {
  const [, , name, commitId, sequence] = unsealJson<[1, 7, RefName, CommitId, number]>('refs', key, row);
  return { name, commitId, sequence };
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
  return readRows(engine, 'refs', range).map((row) => decodeRef(row.key, row.value));
}

