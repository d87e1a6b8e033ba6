import {
  type CommitId,
  encodeRecord,
  hashBytes,
  type ReferenceId,
  type ReferenceRecord,
} from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import { linksOf } from '../objects/links.ts';
import { readObject } from '../objects/objects.ts';
import { isMissingOnPurpose } from '../objects/stubs.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { objectKey, sequenceKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { lastSequence } from './journal.ts';
import {
  asRefName,
  checkNewRefName,
  isReferenceRef,
  parseRefName,
  type RefName,
  referenceRef,
  refKey,
} from './ref-name.ts';
import { encodeRef, type RefUpdate, type RefUpdateResult, readRef, readRefRow } from './refs.ts';

/** Moves one ref and journals it; see `WriteTransaction.updateRef`. */
export function updateRef(transaction: WriteTransaction, update: RefUpdate): RefUpdateResult {
  const { engine } = transaction;
  const name = asRefName(update.ref);
  // @spec DML-REM-1322
  if (isReferenceRef(name)) throw storeError('ref_fixed', { ref: name, detail: 'reference' });
  const current = readRef(engine, name);
  const actual = current?.commitId ?? null;
  // @spec DML-STO-0301 DML-STO-0302
  if (actual !== update.expected) return { applied: false, actual };
  // @spec DML-STO-0306
  if (update.next === actual) return { applied: true, sequence: current?.sequence ?? 0 };
  // @spec DML-STO-1981
  if (current !== undefined && update.next !== null && parseRefName(name).kind === 'tags')
    throw storeError('ref_fixed', { ref: name });
  // @spec DML-STO-0322
  if (current === undefined) checkNewRefName(name);
  if (update.next !== null) assertTarget(transaction, name, update.next);
  const { actor, reason } = update;
  return writeRef(transaction, { ref: name, old: actual, new: update.next, actor, reason });
}

/** A reference that takes the place of the one before. */
export interface ReferenceUpdate {
  /** Local name of the reference. */
  readonly name: string;
  /** Its previous reference is the one that is in effect, null where there is none. */
  readonly reference: ReferenceRecord;
  readonly actor: string;
  readonly reason: string;
}

/** Outcome of taking a reference; losing to another process is no error. */
export type ReferenceUpdateResult =
  | { readonly applied: true; readonly referenceId: ReferenceId }
  | { readonly applied: false; readonly actual: ReferenceId | null };

/** Puts a reference, and makes it the newest one of its name; see `WriteTransaction.updateReference`. */
export function updateReference(
  transaction: WriteTransaction,
  { name, reference, actor, reason }: ReferenceUpdate,
): ReferenceUpdateResult {
  const ref = referenceRef(name);
  const current = readRefRow(transaction.engine, ref);
  const actual = (current?.targetId ?? null) as ReferenceId | null;
  // What is shadowed stays reachable, since the newer one links it. @spec DML-REM-1308
  if (reference.previousReferenceId !== actual) return { applied: false, actual };
  if (current === undefined) checkNewRefName(ref);
  if (reference.commitId !== null) assertTarget(transaction, ref, reference.commitId);
  const referenceId = hashBytes<'reference'>(encodeRecord(reference));
  transaction.putRecord(reference);
  writeRef(transaction, { ref, old: actual, new: referenceId, actor, reason });
  return { applied: true, referenceId };
}

interface RefWrite {
  readonly ref: RefName;
  readonly old: CommitId | ReferenceId | null;
  readonly new: CommitId | ReferenceId | null;
  readonly actor: string;
  readonly reason: string;
}

/** Writes the row of a ref and that of the journal. */
function writeRef(
  transaction: WriteTransaction,
  { ref: name, old, new: next, actor, reason }: RefWrite,
): { readonly applied: true; readonly sequence: number } {
  const { engine } = transaction;
  // @spec DML-STO-0403
  const sequence = lastSequence(engine) + 1;
  transaction.reach('ref/before-row');
  // @spec DML-STO-0309
  if (next === null) transaction.deleteRow('refs', refKey(name));
  else {
    const row = encodeRef({ name, targetId: next, sequence });
    // @spec DML-STO-0307
    transaction.putRow('refs', row.key, row.value);
  }
  transaction.reach('ref/before-journal');
  const key = sequenceKey(sequence);
  // @spec DML-STO-0402
  const entry = {
    sequence,
    timeMs: transaction.environment.nowMs(),
    actor,
    ref: name,
    old,
    new: next,
    reason,
  };
  // @spec DML-STO-0401
  transaction.putRow('journal', key, encodeJsonRow('journal', key, entry));
  return { applied: true, sequence };
}

function assertTarget(transaction: WriteTransaction, ref: RefName, commitId: CommitId): void {
  const { engine } = transaction;
  const bytes = readObject(engine, 'commit', commitId);
  // @spec DML-STO-0303
  if (bytes === undefined) throw storeError('ref_target_missing', { ref, commitId });
  for (const link of linksOf(bytes, 'commit')) {
    if (transaction.has(link.class, link.id)) continue;
    // @spec DML-STO-0304 DML-STO-0837
    if (!isMissingOnPurpose(engine, objectKey(link.class, link.id) as Buffer))
      throw storeError('ref_target_missing', { ref, commitId, class: link.class, objectId: link.id });
  }
}
