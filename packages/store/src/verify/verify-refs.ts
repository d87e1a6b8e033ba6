import { type CommitId, hashBytes, isDmlError, isNewerFormat } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow, iterateRows, readRow, readRows, refreshSnapshot } from '../engine/reading.ts';
import { TABLE_NAMES, type TableName } from '../engine/tables.ts';
import { isTombstone } from '../objects/tombstone.ts';
import type { JournalEntry } from '../refs/journal.ts';
import { isReferenceRef } from '../refs/ref-name.ts';
import { type RefRow, readRefRows } from '../refs/refs.ts';
import { decodeAttempt } from '../tables/attempts.ts';
import { decodeJsonRow, decodeRow } from '../tables/checksummed-row.ts';
import { objectKey, parseObjectKey, parseSequenceKey } from '../tables/keyspace.ts';
import type { Finding, VerifyProgress } from './finding.ts';

/** Tables whose rows are no checksummed rows. */
const UNSEALED: readonly TableName[] = ['objects', 'cache'];
const STEP_ROWS = 5_000;

/** Looks at the checksum of every checksummed row. */
export function* verifyRows(engine: Engine): Generator<Finding | VerifyProgress, void, undefined> {
  let done = 0;
  for (const table of TABLE_NAMES) {
    if (UNSEALED.includes(table)) continue;
    for (const row of iterateRows(engine, table)) {
      done += 1;
      try {
        decodeRow(table, row.key, row.value);
      } catch {
        // @spec DML-STO-0913
        yield { code: 'row_damaged', table, keyHex: row.key.toString('hex') };
        continue;
      }
      if (table === 'excised') yield* verifyExcised(engine, row.key);
      if (table === 'stubs') yield* verifyStub(engine, row.key);
      if (table === 'attempts') yield* verifyAttempt(row.key, row.value);
      if (done % STEP_ROWS === 0) yield { phase: 'rows', done };
    }
  }
  yield { phase: 'rows', done };
}

function* verifyExcised(engine: Engine, key: Buffer): Generator<Finding, void, undefined> {
  const object = parseObjectKey(key);
  const row = readRow(engine, 'objects', key);
  // @spec DML-STO-0914
  if (object !== undefined && (row === undefined || !isTombstone(key, row)))
    yield { code: 'tombstone_missing', class: object.class, objectId: object.id };
}

function* verifyStub(engine: Engine, key: Buffer): Generator<Finding, void, undefined> {
  const object = parseObjectKey(key);
  // @spec DML-STO-0843
  if (object !== undefined && hasRow(engine, 'objects', key))
    yield { code: 'stub_outdated', class: object.class, objectId: object.id };
}

function* verifyAttempt(key: Buffer, row: Buffer): Generator<Finding, void, undefined> {
  const keyHex = key.toString('hex');
  try {
    decodeAttempt(key, row);
  } catch (error) {
    if (!isDmlError(error)) throw error;
    // @spec DML-STO-0954
    yield { code: isNewerFormat(error) ? 'row_newer' : 'row_damaged', table: 'attempts', keyHex };
  }
}

/** Checks whether the object that a ref leads to is here as it was put. */
function isWhole(engine: Engine, { name, targetId }: RefRow): boolean {
  const objectClass = isReferenceRef(name) ? 'reference' : 'commit';
  const row = readRow(engine, 'objects', objectKey(objectClass, targetId) as Buffer);
  return row !== undefined && hashBytes(row) === targetId;
}

/** Commit of a ref by the journal, and the row that moved it there. */
interface JournaledRef {
  readonly commitId: CommitId;
  readonly sequence: number;
}

/** Refs by the journal, as far as its rows can be read. */
interface Replay {
  readonly refs: Map<string, JournaledRef>;
  readonly rows: number;
}

/**
 * Replays the journal against the refs.
 * Refs are read first: rows of later updates are left to the next verification.
 */
export function* verifyJournal(
  engine: Engine,
): Generator<Finding | VerifyProgress, { readonly refs: number; readonly journalRows: number }, undefined> {
  refreshSnapshot(engine);
  const standing = readStandingRefs(engine);
  const replay = yield* replayJournal(engine, standing.lastSequence);
  if (standing.refs === undefined) return { refs: 0, journalRows: replay.rows };
  for (const ref of standing.refs) {
    // @spec DML-STO-0904
    const actual = ref.targetId as CommitId;
    if (!isWhole(engine, ref)) yield { code: 'ref_broken', ref: ref.name, commitId: actual };
    const journaled = replay.refs.get(ref.name);
    // @spec DML-STO-0907
    if (journaled?.commitId !== actual)
      yield { code: 'ref_unjournaled', ref: ref.name, journaled: journaled?.commitId ?? null, actual };
    // @spec DML-STO-0930
    else if (journaled.sequence !== ref.sequence)
      yield {
        code: 'ref_sequence_wrong',
        ref: ref.name,
        expected: journaled.sequence,
        actual: ref.sequence,
      };
    replay.refs.delete(ref.name);
  }
  for (const [ref, { commitId }] of replay.refs)
    yield { code: 'ref_unjournaled', ref, journaled: commitId, actual: null };
  yield { phase: 'refs', done: standing.refs.length };
  return { refs: standing.refs.length, journalRows: replay.rows };
}

/** Reads both at one snapshot; refs are undefined when one cannot be read, which is a finding of the rows already. */
function readStandingRefs(engine: Engine): { refs: readonly RefRow[] | undefined; lastSequence: number } {
  const [newest] = readRows(engine, 'journal', { reverse: true, limit: 1 });
  const lastSequence = newest === undefined ? 0 : parseSequenceKey(newest.key);
  try {
    return { refs: readRefRows(engine), lastSequence };
  } catch {
    return { refs: undefined, lastSequence };
  }
}

function* replayJournal(
  engine: Engine,
  lastSequence: number,
): Generator<Finding | VerifyProgress, Replay, undefined> {
  const refs = new Map<string, JournaledRef>();
  let expected = 1;
  let rows = 0;
  for (const row of iterateRows(engine, 'journal')) {
    const sequence = parseSequenceKey(row.key);
    if (sequence > lastSequence) break;
    // @spec DML-STO-0905
    if (expected < sequence) yield { code: 'journal_gap', fromSequence: expected, toSequence: sequence - 1 };
    expected = sequence + 1;
    rows += 1;
    let entry: JournalEntry;
    try {
      entry = decodeJsonRow<JournalEntry>('journal', row.key, row.value);
    } catch {
      continue;
    }
    const before = refs.get(entry.ref)?.commitId ?? null;
    // @spec DML-STO-0906
    if (before !== entry.old)
      yield { code: 'journal_contradiction', sequence, ref: entry.ref, expected: before, actual: entry.old };
    if (entry.new === null) refs.delete(entry.ref);
    else refs.set(entry.ref, { commitId: entry.new, sequence });
    if (rows % STEP_ROWS === 0) yield { phase: 'journal', done: rows };
  }
  return { refs, rows };
}
