import { closeSync, fsyncSync, writeFileSync } from 'node:fs';
import type { Engine } from '../engine/engine.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { isSessionAlive } from '../sessions.ts';
import type { HeldFolder } from '../store-folder/held-folder.ts';
import { MARKER_FILE, unfinished } from '../store-folder/places.ts';

interface Marker {
  readonly process: ProcessIdentity;
  readonly startedMs: number;
}

function readMarker(folder: HeldFolder): Marker | undefined {
  try {
    return JSON.parse(folder.readFile(MARKER_FILE).toString('utf8')) as Marker;
  } catch {
    return undefined;
  }
}

/** Tells whether a living process compacts the store; a marker that cannot be read is of one that died. */
function isCompacting(folder: HeldFolder, environment: StoreEnvironment): boolean {
  const marker = readMarker(folder);
  if (marker?.process === undefined) return false;
  const { process, startedMs } = marker;
  const session = { sessionId: '', process, startGeneration: 0, startedMs, heartbeatMs: startedMs };
  return isSessionAlive(session, environment);
}

/** Tells whether the data file and the lock file this process has opened are those at their paths. */
function isInPlace(engine: Engine): boolean {
  return engine.file.isInPlace() && engine.newest.isLockInPlace();
}

/**
 * Puts up the marker of this process; throws `compaction_refused` while another process compacts, or when one
 * has since the engine was opened. Called inside a transaction of the engine, so that no two do this at once.
 */
export function raiseMarker(engine: Engine, environment: StoreEnvironment): void {
  const { folder, path } = engine;
  if (isCompacting(folder, environment))
    throw storeError('compaction_refused', { detail: 'already_running', path });
  // @spec DML-STO-1111
  if (!isInPlace(engine)) throw storeError('compaction_refused', { detail: 'replaced', path });
  const draft = unfinished(MARKER_FILE, environment.randomUuid());
  const marker: Marker = { process: environment.process, startedMs: environment.nowMs() };
  try {
    const descriptor = folder.createFile(draft, 0o666);
    try {
      writeFileSync(descriptor, JSON.stringify(marker));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // No marker is ever half written.
    folder.rename(draft, MARKER_FILE);
  } catch (cause) {
    const errno = String((cause as NodeJS.ErrnoException).code);
    throw storeError('store_unwritable', { path, errno }, cause);
  } finally {
    folder.removeFile(draft);
  }
}

/** Takes the marker of this process down. */
export function lowerMarker(folder: HeldFolder): void {
  folder.removeFile(MARKER_FILE);
}

/** Refuses to open a store that a living process compacts, before anything of it is touched. */
export function assertNotCompacting(folder: HeldFolder, environment: StoreEnvironment): void {
  if (isCompacting(folder, environment))
    throw storeError('store_busy', { path: folder.path, detail: 'compacting' });
}

/**
 * Refuses an engine whose files are being, or have just been, replaced by a compaction.
 *
 * A compaction raises its marker before it looks for other users, and an opening looks for the marker after it
 * has become a user the engine lists. So one of the two sees the other; and an opening that was too slow for
 * either finds another data file or another lock file at the path, since a compaction replaces both.
 */
export function assertNotReplaced(engine: Engine, environment: StoreEnvironment): void {
  const { folder, path } = engine;
  // @spec DML-STO-1104
  if (isCompacting(folder, environment)) throw storeError('store_busy', { path, detail: 'compacting' });
  // @spec DML-STO-1110
  if (!isInPlace(engine)) throw storeError('store_busy', { path, detail: 'replaced' });
}
