import { whenWritable } from '../engine/lock-file.ts';
import { readKeys } from '../engine/reading.ts';
import { STEP_OBJECTS, walk } from '../gc/mark-phase.ts';
import { type OpenStoreOptions, openStore } from '../open-store.ts';
import type { Store } from '../store.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { runSteps } from '../walk/run-steps.ts';
import { Tracer } from '../walk/tracer.ts';
import { copyObjects, readBack } from './copy-objects.ts';
import { type Cut, takeCut } from './cut.ts';
import { mirrorRows } from './mirror-rows.ts';
import {
  assertBeginning,
  claimTarget,
  findPlace,
  openTarget,
  placeTarget,
  type Target,
  type TargetOpening,
} from './target.ts';

/** Progress of a backup: finding what to copy, copying it, reading the copies; counts are of objects. */
export interface BackupProgress {
  readonly phase: 'mark' | 'copy' | 'check';
  readonly done: number;
  /** Missing while it is not known. */
  readonly total?: number;
}

export interface BackupOptions extends Pick<OpenStoreOptions, 'program' | 'checkOwner'> {
  /** A folder above the target that is to hold nothing but the backup. */
  readonly folder?: string;
  /** The source's folder, in which no backup may lie; that of its store by default. */
  readonly sourceFolder?: string;
  readonly onProgress?: (progress: BackupProgress) => void;
  /** Ends the backup between two steps, or while it waits; the next one to the same place goes on from there. */
  readonly signal?: AbortSignal;
}

/** Result of a backup. */
export interface BackupReport {
  /** True when there was no backup at the place before. */
  readonly isNew: boolean;
  /** Objects that the backup holds, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** Objects that it lacked before, and their bytes. */
  readonly copiedObjects: number;
  readonly copiedBytes: number;
  readonly refs: number;
  /** Sequence of the last ref update that it holds. */
  readonly sequence: number;
}

/**
 * Copies what the refs and holds of a store reach into the store folder `path`, while others write to the source.
 *
 * The folder is made, or must be an earlier backup of this store. Memory is about 60 bytes for each object. Throws
 * `backup_refused`, `store_damaged`, `store_full`, what opening a store throws, and the signal's reason; the
 * target then holds what it held before, and the next backup to it goes on from there. With `store_close_failed` the
 * backup is made all the same.
 */
export async function backupStore(
  source: Store,
  path: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  const place = findPlace(source, path, options);
  const reader = await openReader(source, options);
  const { environment } = reader;
  let target: Target | undefined;
  let report: BackupReport;
  try {
    await whenWritable(reader.engine, environment, options.signal);
    const cut = takeCut(reader);
    const open = async (): Promise<Target> => {
      target = await openTarget(reader, place, pickOpening(options));
      await whenWritable(target.store.engine, environment, options.signal);
      claimTarget(reader, target, cut);
      return target;
    };
    // What can be refused is refused before anything is made. @spec DML-STO-1424
    if (!place.isNew) await open();
    const tracer = await markCut(reader, cut, options);
    report = await fillTarget(reader, target ?? (await open()), { cut, tracer }, options);
  } catch (error) {
    // @spec DML-STO-0759
    await target?.store.close().catch(() => {});
    await reader.close().catch(() => {});
    throw error;
  }
  try {
    await placeTarget(target as Target);
  } finally {
    await reader.close();
  }
  return report;
}

/** Opens a session of the backup's own, so that nothing another one lets go of is lost to it. @spec DML-STO-1419 */
function openReader({ path, environment, isReadOnly }: Store, { program }: BackupOptions): Promise<Store> {
  const mode = isReadOnly ? 'read' : 'write';
  return openStore(path, { mode, environment, ...(program !== undefined && { program }) });
}

function pickOpening({ program, checkOwner, signal }: BackupOptions): TargetOpening {
  return { ...(program !== undefined && { program }), ...(checkOwner && { checkOwner }), signal };
}

async function markCut(source: Store, cut: Cut, options: BackupOptions): Promise<Tracer> {
  const tracer = new Tracer(source.engine, 'backup_refused');
  tracer.addRoots(cut.roots);
  await runPhase('mark', markSteps(source, tracer), options);
  return tracer;
}

async function fillTarget(
  source: Store,
  target: Target,
  { cut, tracer }: { readonly cut: Cut; readonly tracer: Tracer },
  options: BackupOptions,
): Promise<BackupReport> {
  const { store } = target;
  const wanted = tracer.found;
  const buried = hexKeys(readKeys(store.engine, 'excised'));
  const copied = new ObjectKeySet();
  const stubs = cut.stubs.filter(({ key }) => wanted.has(key));
  const withheld = hexKeys(stubs.map(({ key }) => key));
  const excised = hexKeys(cut.excised.map(({ key }) => key));
  const plan = { source: source.engine, target: store, wanted, withheld, excised, buried, copied };
  const result = await runPhase('copy', copyObjects(plan), options, wanted.size);
  // What an earlier run left in a draft has not been vouched for by anybody.
  const unread = target.draftPath === undefined ? copied : wanted;
  await runPhase('check', readBack(store, unread, copied), options, unread.size);
  await whenWritable(store.engine, source.environment, options.signal);
  // @spec DML-STO-1410
  store.transact('backup/finish', (transaction) => {
    assertBeginning(source, target);
    mirrorRows(transaction, { source, target, cut, copied: result, wanted, stubs });
  });
  const { objects, bytes } = tracer.tally.value();
  return {
    isNew: target.draftPath !== undefined,
    objects,
    bytes,
    copiedObjects: result.objects,
    copiedBytes: result.bytes,
    refs: cut.refs.length,
    sequence: cut.sequence,
  };
}

function* markSteps({ engine }: Store, tracer: Tracer): Generator<number, void, undefined> {
  // @spec DML-STO-1418
  for (const { done } of walk(engine, tracer, STEP_OBJECTS, true)) yield done;
}

function hexKeys(keys: readonly Buffer[]): ReadonlySet<string> {
  return new Set(keys.map((key) => key.toString('hex')));
}

function runPhase<Result>(
  phase: BackupProgress['phase'],
  steps: Generator<number, Result, undefined>,
  { signal, onProgress }: BackupOptions,
  total?: number,
): Promise<Result> {
  const onStep = (done: number): void => onProgress?.({ phase, done, ...(total !== undefined && { total }) });
  return runSteps(steps, { onStep, signal });
}
