import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import type { ProcessIdentity, StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { isSessionAlive } from '../sessions.ts';

/** The file that says which process compacts the store in this folder. */
function markerPath(storePath: string): string {
  return join(storePath, 'compacting');
}

interface Marker {
  readonly process: ProcessIdentity;
  readonly startedMs: number;
}

function readMarker(storePath: string): Marker | undefined {
  try {
    return JSON.parse(readFileSync(markerPath(storePath), 'utf8')) as Marker;
  } catch {
    return undefined;
  }
}

/** Tells whether a living process compacts the store; a marker that cannot be read is of one that died. */
function isCompacting(storePath: string, environment: StoreEnvironment): boolean {
  const marker = readMarker(storePath);
  if (marker?.process === undefined) return false;
  const { process, startedMs } = marker;
  const session = { sessionId: '', process, startGeneration: 0, startedMs, heartbeatMs: startedMs };
  return isSessionAlive(session, environment);
}

/** Puts up the marker of this process; throws `compaction_refused` while another process compacts. */
export function raiseMarker(storePath: string, environment: StoreEnvironment): void {
  if (isCompacting(storePath, environment))
    throw storeError('compaction_refused', { detail: 'already_running', path: storePath });
  const draft = `${markerPath(storePath)}-${environment.randomUuid()}`;
  const marker: Marker = { process: environment.process, startedMs: environment.nowMs() };
  try {
    writeFileSync(draft, JSON.stringify(marker), { flush: true });
    rmSync(markerPath(storePath), { force: true });
    // Linking fails where a marker stands, so of two processes one goes on, and no marker is ever half written.
    linkSync(draft, markerPath(storePath));
  } catch (cause) {
    throw storeError('compaction_refused', { detail: 'already_running', path: storePath }, cause);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes the marker of this process down. */
export function lowerMarker(storePath: string): void {
  rmSync(markerPath(storePath), { force: true });
}

/** Refuses to open a store that a living process compacts, before anything of it is touched. */
export function assertNotCompacting(storePath: string, environment: StoreEnvironment): void {
  if (isCompacting(storePath, environment))
    throw storeError('store_open_elsewhere', { path: storePath, detail: 'compacting' });
}

/**
 * Refuses an engine whose data file is being, or has just been, replaced by a compaction.
 *
 * A compaction raises its marker before it looks for other users, and an opening looks for the marker after it
 * has become a user the engine lists. So one of the two sees the other, and whoever opened before the rename
 * and looks after it finds another file at the path.
 *
 * @spec DML-STO-1104
 */
export function assertNotReplaced(engine: Engine, environment: StoreEnvironment): void {
  const { path } = engine;
  if (isCompacting(path, environment))
    throw storeError('store_open_elsewhere', { path, detail: 'compacting' });
  const opened = engine.file.describe(engine.pageBytes);
  const present = statSync(join(path, 'data.mdb'), { bigint: true });
  if (opened.inode !== String(present.ino) || opened.device !== String(present.dev))
    throw storeError('store_open_elsewhere', { path, detail: 'replaced' });
}
