import {
  type CommitId,
  decodeRecord,
  encodeRecord,
  type ReferenceId,
  type ReferenceRecord,
} from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { prefixRange, readRow, readRows } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { ifReadable } from '../objects/if-readable.ts';
import { readObject } from '../objects/objects.ts';
import { decodeRow, encodeRow } from '../tables/checksummed-row.ts';
import { isReferenceRef, parseRefKey, type RefKind, type RefName, referenceRef, refKey } from './ref-name.ts';

/**
 * A ref as it stands: its commit, for a reference that of the domain, and the journal sequence that last moved it.
 */
export interface Ref {
  readonly name: RefName;
  readonly commitId: CommitId;
  readonly sequence: number;
}

/** A ref as its row says: a reference ref leads to a reference, any other to a commit. */
export interface RefRow {
  readonly name: RefName;
  readonly targetId: CommitId | ReferenceId;
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
export function encodeRef(ref: RefRow): { key: Buffer; value: Buffer } {
  const key = refKey(ref.name);
  const record = {
    type: 'ref',
    name: key.toString('latin1'),
    // A link does not say the class of what it leads to.
    commitId: ref.targetId as CommitId,
    sequence: ref.sequence,
  } as const;
  return { key, value: encodeRow('refs', key, encodeRecord(record)) };
}

function decodeRef(key: Buffer, row: Buffer): RefRow {
  const record = decodeRecord(decodeRow('refs', key, row), 'ref');
  return { name: parseRefKey(key), targetId: record.commitId, sequence: record.sequence };
}

/** Returns the ref of a row; undefined for a reference that has ended or cannot be read. */
function refOf(engine: Engine, { name, targetId, sequence }: RefRow): Ref | undefined {
  if (!isReferenceRef(name)) return { name, commitId: targetId as CommitId, sequence };
  // A verification finds what is wrong with one that cannot be read. @spec DML-REM-1320
  const commitId = ifReadable(() => readReference(engine, targetId as ReferenceId).commitId);
  return commitId ? { name, commitId, sequence } : undefined;
}

/** Reads one ref at the current snapshot; undefined when absent. */
export function readRef(engine: Engine, name: RefName): Ref | undefined {
  const row = readRefRow(engine, name);
  return row && refOf(engine, row);
}

/** Reads the row of one ref at the current snapshot; undefined when absent. */
export function readRefRow(engine: Engine, name: RefName): RefRow | undefined {
  const key = refKey(name);
  const row = readRow(engine, 'refs', key);
  return row && decodeRef(key, row);
}

/** Reads all refs, or those of one kind, sorted by key, at one snapshot. */
export function readRefs(engine: Engine, kind?: RefKind): Ref[] {
  return readRefRows(engine, kind).flatMap((row) => refOf(engine, row) ?? []);
}

/** The newest reference of a name. */
export interface StoredReference {
  /** Local name. */
  readonly name: string;
  readonly referenceId: ReferenceId;
  readonly reference: ReferenceRecord;
}

/** Reads the newest reference of each name, sorted by name; throws `object_missing` for one that is not here. */
export function readReferences(engine: Engine): StoredReference[] {
  return readRefRows(engine, 'references').map(({ name: ref, targetId }) => {
    const referenceId = targetId as ReferenceId;
    const name = ref.slice(referenceRef('x').length - 1);
    return { name, referenceId, reference: readReference(engine, referenceId) };
  });
}

function readReference(engine: Engine, referenceId: ReferenceId): ReferenceRecord {
  const bytes = readObject(engine, 'reference', referenceId);
  if (bytes === undefined) throw storeError('object_missing', { class: 'reference', objectId: referenceId });
  return decodeRecord(bytes, 'reference');
}

/** Reads the rows of all refs, or those of one kind, sorted by key, at one snapshot. */
export function readRefRows(engine: Engine, kind?: RefKind): RefRow[] {
  const range = kind === undefined ? {} : prefixRange(Buffer.from(`${kind}/`));
  // @spec DML-STO-0308
  return readRows(engine, 'refs', range).map((row) => decodeRef(row.key, row.value));
}
