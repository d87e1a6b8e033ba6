import type { CommitId } from '@daggerml/object-model';
import { storeError } from '../errors.ts';
import { linksOf } from '../objects/links.ts';
import { readObject } from '../objects/objects.ts';
import { isMissingOnPurpose } from '../objects/stubs.ts';
import { encodeJsonRow } from '../tables/checksummed-row.ts';
import { objectKey, sequenceKey } from '../tables/keyspace.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { lastSequence } from './journal.ts';
import { asRefName, checkNewRefName, parseRefName, type RefName, refKey } from './ref-name.ts';
import { encodeRef, type RefUpdate, type RefUpdateResult, readRef } from './refs.ts';

/** Moves one ref and journals it; see `WriteTransaction.updateRef`. */
export function updateRef(transaction: WriteTransaction, update: RefUpdate): RefUpdateResult {
  const { engine } = transaction;
  const name = asRefName(update.ref);
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
  // @spec DML-STO-0403
  const sequence = lastSequence(engine) + 1;
  transaction.reach('ref/before-row');
  // @spec DML-STO-0309
  if (update.next === null) transaction.deleteRow('refs', refKey(name));
  else {
    const row = encodeRef({ name, commitId: update.next, sequence });
    // @spec DML-STO-0307
    transaction.putRow('refs', row.key, row.value);
  }
  transaction.reach('ref/before-journal');
  const key = sequenceKey(sequence);
  // @spec DML-STO-0402
  const entry = {
    sequence,
    timeMs: transaction.environment.nowMs(),
    actor: update.actor,
    ref: name,
    old: actual,
    new: update.next,
    reason: update.reason,
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
