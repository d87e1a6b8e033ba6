import { type CommitId, isDmlError, type ObjectId, type TombstoneRecord } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { hasRow } from '../engine/reading.ts';
import type { ObjectName } from '../excision/plan.ts';
import { Draft, type ObjectReader } from '../history/draft.ts';
import { isAncestor } from '../history/merge-base.ts';
import { putTombstone } from '../objects/tombstone.ts';
import { parseRefName, type RefName } from '../refs/ref-name.ts';
import type { Ref } from '../refs/refs.ts';
import { objectKey } from '../tables/keyspace.ts';
import type { Transactor, WriteTransaction } from '../write-transaction.ts';
import { transferError } from './car-frame.ts';
import { type ByteStream, readCar } from './car-reader.ts';
import { type Reached, walkReached } from './completeness.ts';
import { FilledGaps } from './filled-gaps.ts';
import type { AbsenceRecord, LeftOut } from './offered-absences.ts';
import { type Received, type ReceivedCounts, receiveStream, type StreamRef } from './receive.ts';
import { checkSound } from './soundness.ts';

/** A store as far as imports change it. */
export interface ImportHost extends ObjectReader, Transactor {
  readonly engine: Engine;
  readonly sessionId: string;
  getRef(name: RefName): Ref | undefined;
}

export interface ImportOptions {
  readonly actor: string;
  readonly reason: string;
  /**
   * Under which name a ref of the stream is taken; undefined leaves it out. The same name by default. Asked when the
   * objects of the stream are here, though maybe not all that the commit reaches.
   */
  readonly mapRef?: (name: RefName, commitId: CommitId) => RefName | undefined;
  /**
   * Takes the tombstones of the stream for what its refs reach and the store lacks: those objects are then
   * excised here as well, for good. Only for streams of whom one would let excise. False by default.
   */
  readonly acceptExcisions?: boolean;
  /**
   * Takes the stubs of the stream for what its refs reach and the store lacks, so that refs may move although those
   * objects do not come. False by default.
   */
  readonly acceptWithheld?: boolean;
  /**
   * Objects that the caller has left out: the store keeps a stub for each that the refs reach and it lacks. Asked once
   * the stream is over.
   */
  readonly leftOut?: LeftOut | undefined;
  /** Moves refs also to commits that are no descendants. */
  readonly force?: boolean;
  readonly onProgress?: (counts: Readonly<ReceivedCounts>) => void;
}

/** Outcome of one ref of a stream. */
export interface ImportedRef {
  readonly ref: RefName;
  readonly before: CommitId | null;
  readonly after: CommitId;
}

/** Result of an import; refused refs leave every ref as it was, with the objects in the store. */
export type ImportResult =
  | {
      readonly state: 'applied';
      readonly refs: readonly ImportedRef[];
      readonly objects: Readonly<ReceivedCounts>;
      readonly tombstones: number;
      /** Stubs of the stream that were taken. */
      readonly stubs: number;
      /** Objects that the caller has left out and the refs reach. */
      readonly leftOut: number;
    }
  | {
      readonly state: 'refused';
      readonly refs: readonly (ImportedRef & { readonly reason: 'not_descendant' | 'moved' })[];
      readonly objects: Readonly<ReceivedCounts>;
    };

/** An import that moves no ref, but hands over what some objects reach. */
export interface ObjectImport
  extends Pick<ImportOptions, 'acceptExcisions' | 'acceptWithheld' | 'onProgress'> {
  readonly roots: readonly ObjectName[];
  /** Runs in the last transaction, when all that the roots reach is here. */
  readonly apply: (transaction: WriteTransaction) => void;
}

/** Result of such an import. */
export interface ObjectImportResult {
  readonly objects: Readonly<ReceivedCounts>;
  readonly tombstones: number;
  readonly stubs: number;
}

/** Thrown inside the last transaction to undo it; never leaves this file. */
class RefsMoved extends Error {
  readonly refs: readonly ImportedRef[];
  constructor(refs: readonly ImportedRef[]) {
    super('refs moved');
    this.refs = refs;
  }
}

/**
 * Imports a CARv1 stream: objects first, batch by batch; then, once everything the refs reach is there, the
 * refs in one transaction. Importing again, or after a cut, is harmless and completes what is missing.
 *
 * Throws `transfer_invalid` for a stream that is not well-formed (`truncated`, `length_bounds`, `length_form`,
 * `header_form`, `roots_form`, `cid_unsupported`), not true (`cid_mismatch`, `record_invalid`, `record_unexpected`,
 * `not_canonical`, `contradiction`), of a later version (`newer_format`) or not whole (`incomplete`), and for one with
 * excisions or withheld objects that are not accepted (`excision_offered`, `withheld_offered`, `too_many_absences`).
 */
export async function importCar(
  host: ImportHost,
  stream: ByteStream,
  options: ImportOptions,
): Promise<ImportResult> {
  return await orWithhold(host, (gaps) => importChecked(host, stream, { options, gaps }));
}

/**
 * Imports what some objects of a CARv1 stream reach, without a ref; objects first, batch by batch, and what is to be done
 * with them in one transaction once all of it is here and checked. Throws as {@link importCar}.
 */
export async function importObjects(
  host: ImportHost,
  stream: ByteStream,
  options: ObjectImport,
): Promise<ObjectImportResult> {
  return await orWithhold(host, async (gaps) => {
    const received = await receiveAll(host, stream, { options, gaps });
    const { roots } = options;
    host.transact('import/retain', (transaction) => {
      for (const root of roots) transaction.retain(root.class, root.objectId);
    });
    const ofClass = (isCommit: boolean): readonly ObjectName[] =>
      roots.filter((root) => (root.class === 'commit') === isCommit);
    const commitIds = ofClass(true).map(({ objectId }) => objectId as CommitId);
    const keys = ofClass(false).map((root) => objectKey(root.class, root.objectId) as Buffer);
    const absences = await absencesOf(host, commitIds, { options, received, gaps, roots: keys });
    host.transact('import/apply', (transaction) => {
      for (const absence of absences) adopt(transaction, absence);
      options.apply(transaction);
    });
    const tombstones = absences.filter(({ type }) => type === 'tombstone').length;
    return { objects: received.counts, tombstones, stubs: absences.length - tombstones };
  });
}

/** Runs an import, and puts the stubs back whose objects it has brought, where it fails. */
async function orWithhold<T>(host: ImportHost, run: (gaps: FilledGaps) => Promise<T>): Promise<T> {
  const gaps = new FilledGaps();
  try {
    return await run(gaps);
  } catch (error) {
    // @spec DML-STO-0851
    if (gaps.size > 0)
      host.transact('import/withhold', (transaction) => gaps.withdraw(transaction, host.sessionId));
    throw error;
  }
}

interface Importing {
  readonly options: Pick<ImportOptions, 'acceptExcisions' | 'acceptWithheld' | 'leftOut' | 'onProgress'>;
  readonly gaps: FilledGaps;
}

async function receiveAll(
  host: ImportHost,
  stream: ByteStream,
  { options, gaps }: Importing,
): Promise<Received> {
  const car = await readCar(stream);
  try {
    return await receiveStream(host, car, {
      engine: host.engine,
      gaps,
      leftOut: options.leftOut,
      onBatch: (counts) => options.onProgress?.(counts),
    });
  } finally {
    await car.sections.return();
  }
}

/** Checks what commits and other objects reach, and returns what stands for that of it which did not come. */
async function absencesOf(
  host: ImportHost,
  commitIds: readonly CommitId[],
  { options, gaps, received, roots }: Importing & { readonly received: Received; readonly roots?: Buffer[] },
): Promise<readonly AbsenceRecord[]> {
  // @spec DML-STO-1021
  const all = roots === undefined ? received.objects?.whole(commitIds) : undefined;
  // All that came is whole and sound, and so is what is reached of it.
  if (all !== undefined && (await isSound(host.engine, all))) return [];
  const reached = await walkReached(host.engine, commitIds, { offered: received.offered, gaps, roots });
  for (const absence of reached.wanted) assertAccepted(absence, options);
  await checkSound(host.engine, reached);
  // @spec DML-STO-1045
  return [...reached.wanted, ...(options.acceptExcisions === true ? reached.excised : [])];
}

/** Checks whether objects are sound; what is not need not be reached by anything. */
async function isSound(engine: Engine, reached: Reached): Promise<boolean> {
  try {
    await checkSound(engine, reached);
    return true;
  } catch (error) {
    if (isDmlError(error) && error.code === 'transfer_invalid') return false;
    throw error;
  }
}

async function importChecked(
  host: ImportHost,
  stream: ByteStream,
  { options, gaps }: { readonly options: ImportOptions; readonly gaps: FilledGaps },
): Promise<ImportResult> {
  const received = await receiveAll(host, stream, { options, gaps });
  const wanted = received.refs.filter((ref) => mapped(options, ref) !== undefined);
  const commitIds = wanted.map((ref) => ref.commitId);
  host.transact('import/retain', (transaction) => {
    for (const commitId of commitIds) transaction.retain('commit', commitId);
  });
  const absences = await absencesOf(host, commitIds, { options, gaps, received });
  const refs = wanted.map((ref): ImportedRef => {
    const name = mapped(options, ref) as RefName;
    return { ref: name, before: host.getRef(name)?.commitId ?? null, after: ref.commitId };
  });
  const graph = new Draft(host);
  // @spec DML-STO-1027
  const refused = options.force === true ? [] : refs.filter((ref) => !isForward(graph, ref));
  const objects = received.counts;
  if (refused.length > 0)
    return { state: 'refused', objects, refs: refused.map((ref) => ({ ...ref, reason: 'not_descendant' })) };
  try {
    // @spec DML-STO-1022
    host.transact('import/refs', (transaction) => {
      for (const absence of absences) adopt(transaction, absence);
      moveRefs(transaction, refs, options);
    });
  } catch (error) {
    if (!(error instanceof RefsMoved)) throw error;
    return { state: 'refused', objects, refs: error.refs.map((ref) => ({ ...ref, reason: 'moved' })) };
  }
  const tombstones = absences.filter(({ type }) => type === 'tombstone').length;
  const domain = options.leftOut?.domain;
  const leftOut = absences.filter((each) => each.type === 'stub' && each.domain === domain).length;
  const stubs = absences.length - tombstones - leftOut;
  return { state: 'applied', refs, objects, tombstones, stubs, leftOut };
}

function assertAccepted(absence: AbsenceRecord, options: Importing['options']): void {
  const { objectClass, objectId, timeMs } = absence;
  const name = { class: objectClass, objectId };
  if (absence.type === 'stub') {
    // @spec DML-STO-1035
    if (options.acceptWithheld !== true)
      throw transferError('withheld_offered', { ...name, domain: absence.domain, timeMs });
    return;
  }
  const { reason, actor } = absence;
  // @spec DML-STO-1033
  if (options.acceptExcisions !== true)
    throw transferError('excision_offered', { ...name, reason, actor, timeMs });
}

function mapped(options: ImportOptions, ref: StreamRef): RefName | undefined {
  return options.mapRef === undefined ? ref.name : options.mapRef(ref.name, ref.commitId);
}

function isForward(graph: Draft, { ref, before, after }: ImportedRef): boolean {
  // @spec DML-STO-1982
  return before === null || (isTag(ref) ? before === after : isAncestor(graph, before, after));
}

function isTag(ref: RefName): boolean {
  return parseRefName(ref).kind === 'tags';
}

function moveRefs(transaction: WriteTransaction, refs: readonly ImportedRef[], options: ImportOptions): void {
  const { actor, reason } = options;
  const moved: ImportedRef[] = [];
  for (const { ref, before, after } of refs) {
    // A tag does not move: another one takes its place.
    const gone =
      isTag(ref) && before !== null && before !== after
        ? transaction.updateRef({ ref, expected: before, next: null, actor, reason }).applied
        : false;
    const expected = gone ? null : before;
    const update = transaction.updateRef({ ref, expected, next: after, actor, reason });
    if (!update.applied) moved.push({ ref, before: update.actual, after });
  }
  // @spec DML-STO-1030
  if (moved.length > 0) throw new RefsMoved(moved);
}

/** Takes over what stands for an object that the store still lacks. */
function adopt(transaction: WriteTransaction, absence: AbsenceRecord): void {
  if (absence.type === 'tombstone') return adoptTombstone(transaction, absence);
  const { objectClass, objectId, domain, timeMs } = absence;
  transaction.putStub({ class: objectClass, objectId: objectId as ObjectId, domain, timeMs });
}

function adoptTombstone(transaction: WriteTransaction, tombstone: TombstoneRecord): void {
  const { objectClass, reason, message, actor, timeMs } = tombstone;
  const objectId = tombstone.objectId as ObjectId;
  if (hasRow(transaction.engine, 'objects', objectKey(objectClass, objectId) as Buffer)) return;
  putTombstone(transaction, { class: objectClass, objectId, reason, message, actor, timeMs });
}
