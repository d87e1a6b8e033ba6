import { setImmediate } from 'node:timers/promises';
import { readKeys } from '../engine/reading.ts';
import { Marker } from '../gc/marker.ts';
import { ObjectKeySet } from '../gc/object-key-set.ts';
import { STEP_OBJECTS, walk } from '../gc/survey.ts';
import type { OpenStoreOptions } from '../open-store.ts';
import type { Store } from '../store.ts';
import { copyObjects, readBack } from './copy-objects.ts';
import { type Cut, takeCut } from './cut.ts';
import { mirrorRows } from './mirror-rows.ts';
import { assertBeginning, claimTarget, openTarget, placeTarget, type Target } from './target.ts';

/** What a backup is doing: finding what to copy, copying it, reading the copies. Counts are of objects. */
export interface BackupProgress {
  readonly phase: 'mark' | 'copy' | 'check';
  readonly done: number;
  /** Missing while it is not known. */
  readonly total?: number;
}

export interface BackupOptions extends Pick<OpenStoreOptions, 'program' | 'admitOwner'> {
  readonly onProgress?: (progress: BackupProgress) => void;
  /** Ends the backup between two steps; the next one to the same place goes on from there. */
  readonly signal?: AbortSignal;
}

/** What a backup did. */
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
 * Copies what the refs and pins of a store reach into the store folder `path`, while others write to the source.
 *
 * The folder is made, or must be an earlier backup of this store. Memory is about 60 bytes for each object. Throws
 * `backup_refused`, `store_damaged`, `store_full`, what opening a store throws, and the signal's reason; the
 * target then holds what it held before, and the next backup to it goes on from there.
 */
export async function backupStore(
  source: Store,
  path: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  const target = await openTarget(source, path, pickOpening(options));
  let report: BackupReport;
  try {
    const cut = takeCut(source);
    claimTarget(source, target, cut);
    report = await fillTarget(source, target, cut, options);
  } finally {
    await target.store.close();
  }
  placeTarget(target);
  return report;
}

function pickOpening({
  program,
  admitOwner,
}: BackupOptions): Pick<OpenStoreOptions, 'program' | 'admitOwner'> {
  return { ...(program !== undefined && { program }), ...(admitOwner && { admitOwner }) };
}

async function fillTarget(
  source: Store,
  target: Target,
  cut: Cut,
  options: BackupOptions,
): Promise<BackupReport> {
  const { store } = target;
  const run = <T>(phase: BackupProgress['phase'], steps: Generator<number, T>, total?: number): Promise<T> =>
    runSteps(steps, options, (done) =>
      options.onProgress?.({ phase, done, ...(total !== undefined && { total }) }),
    );
  const marker = new Marker(source.engine, 'backup_refused');
  marker.addRoots(cut.roots);
  await run('mark', markSteps(source, marker));
  const wanted = marker.found;
  const buried = new Set(readKeys(store.engine, 'excised').map((key) => key.toString('hex')));
  const copied = new ObjectKeySet();
  const stubs = cut.stubs.filter(({ key }) => wanted.has(key));
  const withheld = new Set(stubs.map(({ key }) => key.toString('hex')));
  const plan = { source: source.engine, target: store, wanted, withheld, buried, copied };
  const result = await run('copy', copyObjects(plan), wanted.size);
  await run('check', readBack(store, copied), copied.size);
  // @spec DML-STO-1410
  store.transact('backup/finish', (transaction) => {
    assertBeginning(source, target);
    mirrorRows(transaction, { source, cut, copied: result, wanted, stubs });
  });
  const { objects, bytes } = marker.tally.value();
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

function* markSteps({ engine }: Store, marker: Marker): Generator<number, void, undefined> {
  // @spec DML-STO-1418
  for (const { done } of walk(engine, marker, STEP_OBJECTS, true)) yield done;
}

async function runSteps<T>(
  steps: Generator<number, T, undefined>,
  { signal }: BackupOptions,
  onStep: (done: number) => void,
): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const step = steps.next();
    if (step.done === true) return step.value;
    onStep(step.value);
    await setImmediate();
  }
}
