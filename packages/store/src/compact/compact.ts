import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DataFile } from '../engine/data-file.ts';
import { acquireEngine, createDataFile, type Engine, releaseEngine } from '../engine/engine.ts';
import { whileNobodyWrites } from '../engine/newest.ts';
import { StampWriter } from '../engine/stamp.ts';
import { findStoreFiles } from '../engine/store-files.ts';
import type { StoreEnvironment } from '../environment.ts';
import { storeError } from '../errors.ts';
import { nodeEnvironment } from '../node-environment.ts';
import { admitSchema } from '../schema.ts';
import { isSessionAlive, listSessions } from '../sessions.ts';
import { copyRows } from './copy-rows.ts';
import { lowerMarker, raiseMarker } from './marker.ts';

export interface CompactOptions {
  readonly environment?: StoreEnvironment;
  readonly onProgress?: (rows: number) => void;
}

/** What a compaction did. */
export interface CompactReport {
  readonly rows: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

const DRAFT_PREFIX = 'compact-';

/** Pids that hold a place among the engine's readers; every process that has opened the file does. */
function readerPids(engine: Engine): number[] {
  engine.root.readerCheck();
  const lines = engine.root.readerList().split('\n');
  return lines.map((line) => Number(/^\s*(\d+)\s/.exec(line)?.[1])).filter((pid) => pid > 0);
}

/** Refuses while anybody but this compaction has the store open. */
function assertAlone(engine: Engine, environment: StoreEnvironment): void {
  const { path } = engine;
  const sessions = listSessions(engine).filter((session) => isSessionAlive(session, environment));
  const others = readerPids(engine).filter((pid) => pid !== process.pid);
  // @spec DML-STO-1103
  if (engine.users > 1 || sessions.length > 0 || others.length > 0)
    throw storeError('compaction_refused', { detail: 'open_elsewhere', path });
}

function removeDrafts(storePath: string): void {
  // @spec DML-STO-1106
  for (const name of readdirSync(storePath))
    if (name.startsWith(DRAFT_PREFIX)) rmSync(join(storePath, name), { recursive: true, force: true });
}

/**
 * Rebuilds a store's data file without free pages and without remains of deleted rows.
 *
 * Nobody may have the store open, this process included, and nobody can open it meanwhile. Needs room for a
 * second copy. Throws `compaction_refused` (`open_elsewhere`, `already_running`), `store_damaged` for a row
 * that is not what the store wrote, and what opening a store throws; the store then is as it was.
 */
export async function compactStore(path: string, options: CompactOptions = {}): Promise<CompactReport> {
  const environment = options.environment ?? nodeEnvironment();
  if (!findStoreFiles(path)) throw storeError('store_missing', { path });
  const engine = acquireEngine(path, {
    readOnly: false,
    mapBytes: environment.mapBytes,
    admit: admitSchema(true),
    failpoint: environment.failpoint,
  });
  const storePath = engine.path;
  let isMarked = false;
  let isReleased = false;
  try {
    // Of all that hold the lock file at its path one at a time raises its marker.
    whileNobodyWrites(engine, () => raiseMarker(engine, environment));
    isMarked = true;
    environment.failpoint?.('compact/marked');
    assertAlone(engine, environment);
    removeDrafts(storePath);
    const draft = join(storePath, `${DRAFT_PREFIX}${environment.randomUuid()}`);
    const bytesBefore = statSync(join(storePath, 'data.mdb')).size;
    const rows = await buildDraft(engine, draft, options);
    environment.failpoint?.('compact/built');
    isReleased = true;
    await releaseEngine(engine);
    // @spec DML-STO-1102
    replaceDataFile(storePath, draft, environment);
    return { rows, bytesBefore, bytesAfter: statSync(join(storePath, 'data.mdb')).size };
  } finally {
    if (isMarked) {
      removeDrafts(storePath);
      lowerMarker(storePath);
    }
    if (!isReleased) await releaseEngine(engine);
  }
}

async function buildDraft(engine: Engine, draft: string, options: CompactOptions): Promise<number> {
  const environment = options.environment ?? nodeEnvironment();
  mkdirSync(draft);
  // @spec DML-STO-1109
  const afterTransaction = engine.newest.written();
  await createDataFile(draft, { mapBytes: environment.mapBytes, afterTransaction }, () => {});
  const target = acquireEngine(draft, { readOnly: false, mapBytes: environment.mapBytes });
  try {
    return await copyRows(engine, target, (rows) => {
      environment.failpoint?.('compact/copied');
      options.onProgress?.(rows);
    });
  } finally {
    await releaseEngine(target);
  }
}

/**
 * Puts the draft in the data file's place. The stamp goes first, since it speaks of the old file. The engine's
 * lock file goes before the data file: whoever has opened it has opened the old data file or finds the lock file
 * gone from its path, so nobody uses the new data file under it. Both are made anew by the next open.
 *
 * @spec DML-STO-1105
 */
function replaceDataFile(storePath: string, draft: string, environment: StoreEnvironment): void {
  rmSync(join(storePath, 'stamp'), { force: true });
  environment.syncDirectory(storePath);
  environment.failpoint?.('compact/unstamped');
  // @spec DML-STO-1112
  rmSync(join(storePath, 'lock.mdb'), { force: true });
  environment.failpoint?.('compact/unlocked');
  renameSync(join(draft, 'data.mdb'), join(storePath, 'data.mdb'));
  environment.syncDirectory(storePath);
  environment.failpoint?.('compact/renamed');
  const file = new DataFile(storePath);
  const stamps = new StampWriter(storePath);
  stamps.write(file.describe(file.readMeta().pageBytes));
  stamps.close();
  file.close();
  environment.failpoint?.('compact/stamped');
}
