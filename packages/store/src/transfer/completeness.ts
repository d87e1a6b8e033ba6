import type { CommitId, TombstoneRecord } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { assertReadable } from '../objects/objects.ts';
import { hasAnyStub } from '../objects/stubs.ts';
import { CLASS_BYTES, describeKey, objectKey } from '../tables/keyspace.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';
import { nextTurn } from '../walk/run-steps.ts';
import { transferError } from './car-frame.ts';
import type { FilledGaps } from './filled-gaps.ts';
import { knownCommits } from './known-commits.ts';
import type { AbsenceRecord, OfferedAbsences } from './offered-absences.ts';
import { mayContradict, mayStandInline } from './soundness.ts';

/** Objects looked at before the event loop turns. */
const STEP_OBJECTS = 10_000;

/** Objects that some commits reach. */
export interface Reached {
  /** Keys of the objects; first those that refs of the store reached already. */
  readonly keys: ObjectKeySet;
  /** Ordinals among the other ones of objects of which something is to be checked that their own bytes do not show. */
  readonly checked: readonly number[];
  /** Ordinals of the first of the other ones, and of those datums among them that may stand inline, ascending. */
  readonly knownCount: number;
  readonly short: readonly number[];
  /** Keys among the known ones of objects that were withheld until the stream brought them. */
  readonly filled: readonly Uint8Array[];
  /** Records of the stream for absent ones. */
  readonly wanted: readonly AbsenceRecord[];
  /** Tombstones of the stream for objects that this store knows to be withheld. */
  readonly excised: readonly TombstoneRecord[];
}

/** Facts that a walk over an import knows besides its commits. */
export interface ReachOptions {
  readonly offered: OfferedAbsences;
  readonly gaps: FilledGaps;
  /** Keys of objects of other classes from which it starts as well. */
  readonly roots?: readonly Uint8Array[] | undefined;
}

/**
 * Walks everything that some commits reach and finds the offered tombstones and stubs of what is absent.
 * Throws `transfer_invalid` with `incomplete` for an absent object that none of them stands for, and with
 * `newer_format` for one of which it is unknown what it links to.
 */
export async function walkReached(
  engine: Engine,
  commitIds: readonly CommitId[],
  { offered, gaps, roots = [] }: ReachOptions,
): Promise<Reached> {
  // @spec DML-STO-1047
  const keys = await knownCommits(engine, commitIds);
  const found = { wanted: [], excised: [] };
  // What older commits reach is of interest only where something of it may be withheld. @spec DML-STO-1049
  const metCount = gaps.size > 0 || hasAnyStub(engine) ? Number.POSITIVE_INFINITY : keys.size;
  // Refs of the store reached nothing through what was withheld. @spec DML-STO-0852
  const isEntered = (key: Uint8Array, ordinal: number): boolean =>
    !gaps.has(key) && (ordinal < metCount || key[0] !== CLASS_BYTES.commit);
  await walk(engine, { keys, offered, ...found, isEntered });
  const knownCount = keys.size;
  for (const commitId of commitIds) keys.add(objectKey('commit', commitId) as Buffer);
  for (const key of roots) keys.add(key);
  const filled: Uint8Array[] = [];
  const rows = new RowReader(engine);
  for (const key of gaps.keys()) {
    if (keys.add(key)) continue;
    filled.push(key);
    rows.look(key);
    rows.addLinksTo(keys);
  }
  const checked: number[] = [];
  const short: number[] = [];
  await walk(engine, { keys, offered, ...found, from: knownCount, checked, short });
  return { keys, checked, knownCount, short, filled, ...found };
}

interface Walk {
  readonly keys: ObjectKeySet;
  readonly offered: OfferedAbsences;
  readonly wanted: AbsenceRecord[];
  readonly excised: TombstoneRecord[];
  readonly from?: number;
  /** Takes the ordinals of what {@link mayContradict} says of its record. */
  readonly checked?: number[];
  /** Takes the ordinals of datums that may stand inline. */
  readonly short?: number[];
  /** Decides whether to look at an object; at all of them by default. */
  readonly isEntered?: (key: Uint8Array, ordinal: number) => boolean;
}

/** Adds to a set of keys what the objects in it link to; the set is also the queue. */
async function walk(
  engine: Engine,
  { keys, offered, wanted, excised, from = 0, checked, short, isEntered }: Walk,
): Promise<void> {
  const rows = new RowReader(engine);
  for (let ordinal = from; ordinal < keys.size; ordinal += 1) {
    if (ordinal % STEP_OBJECTS === 0) await nextTurn(engine);
    const key = keys.keyAt(ordinal);
    if (isEntered?.(key, ordinal) === false) continue;
    const state = rows.look(key);
    if (state === 'excised') continue;
    // @spec DML-STO-1039
    if (state === 'newer') throw transferError('newer_format', describeKey(key));
    if (state === 'damaged') assertReadable(engine, key);
    if (state === 'absent') wanted.push(offeredFor(key, offered));
    const said = state === 'withheld' ? offered.get(key) : undefined;
    if (said?.type === 'tombstone') excised.push(said);
    if (checked !== undefined && mayContradict(key, rows)) checked.push(ordinal);
    if (short !== undefined && mayStandInline(rows, rows.sizeBytes)) short.push(ordinal);
    rows.addLinksTo(keys);
  }
}

function offeredFor(key: Uint8Array, offered: OfferedAbsences): AbsenceRecord {
  const record = offered.get(key);
  // @spec DML-STO-1026
  if (record === undefined) throw transferError('incomplete', describeKey(key));
  // @spec DML-STO-1029 DML-STO-1036
  return record;
}
