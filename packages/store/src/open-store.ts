import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { assertNotCompacting } from './compact/compaction-lock.ts';
import type { CheckOwner, Engine } from './engine/engine.ts';
import { errnoOf, openError } from './engine/engine-error.ts';
import { ENGINE_VERSION } from './engine/engine-options.ts';
import { acquireEngine, releaseEngine } from './engine/held-engines.ts';
import { refuseNetworkFileSystem } from './engine/network-filesystem.ts';
import { readRows } from './engine/reading.ts';
import type { StoreEnvironment } from './environment.ts';
import { storeError } from './errors.ts';
import { nodeEnvironment } from './node-environment.ts';
import { readRefs } from './refs/refs.ts';
import { Store } from './store.ts';
import { createStoreFiles } from './store-folder/create.ts';
import { findStore } from './store-folder/find-store.ts';
import { decodeRow } from './tables/checksummed-row.ts';
import { readMeta } from './tables/meta.ts';
import { checkSchema, compareVersions } from './tables/schema.ts';

/** Options of the opening of a store. */
export interface OpenStoreOptions {
  /** `read` opens the file read-only and never changes it. */
  readonly mode: 'read' | 'write';
  /** True to create the store when there is none at the path; only with mode `write`. */
  readonly create?: boolean;
  /** Called when it was this opening that created the store, and none that went on at the same time. */
  readonly onCreated?: () => void;
  /** Value of `created_by`, e.g. `dml 0.1.0`. */
  readonly program?: string;
  readonly environment?: StoreEnvironment;
  /**
   * Refuses a store by who owns its folder and data file and who may write to them; called for each, as it was
   * opened, before anything of it is used. A `DmlError` that it throws passes through.
   */
  readonly checkOwner?: CheckOwner;
  /** Ends an opening that waits for others. */
  readonly signal?: AbortSignal | undefined;
}

function nearestFolder(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Checks rows that the page check says nothing of: only their checksums prove them. */
function checkRowChecksums(engine: Engine): void {
  for (const row of readRows(engine, 'meta')) decodeRow('meta', row.key, row.value);
  readRefs(engine);
}

function recordEngine(store: Store): void {
  const recorded = readMeta(store.engine, 'engine');
  // @spec DML-STO-0111
  if (typeof recorded === 'string' && compareVersions(recorded, ENGINE_VERSION) >= 0) return;
  store.transact('engine', (transaction) => transaction.setMeta('engine', ENGINE_VERSION));
}

/**
 * Opens the store whose folder is `path`; the folder holds `data.mdb`.
 * Throws the codes of the error surface; a file that was refused is as it was.
 */
export async function openStore(path: string, options: OpenStoreOptions): Promise<Store> {
  const environment = options.environment ?? nodeEnvironment();
  // @spec DML-STO-0113
  if (!environment.isMainThread) throw storeError('store_worker_thread', { path });
  try {
    return await openOrCreate(path, options, environment);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw errnoOf(error) === undefined ? error : openError(error, { path });
  }
}

async function openOrCreate(
  path: string,
  options: OpenStoreOptions,
  environment: StoreEnvironment,
): Promise<Store> {
  refuseNetworkFileSystem(path, environment.statFileSystem(nearestFolder(path)).type);
  const readOnly = options.mode === 'read';
  let folder = findStore(path);
  if (folder === undefined) {
    // @spec DML-STO-0106
    if (options.create !== true || readOnly) throw storeError('store_missing', { path });
    if (await createStoreFiles(resolve(path), options.program ?? 'unknown', environment))
      options.onCreated?.();
    folder = findStore(path);
    if (folder === undefined) throw storeError('store_gone', { path });
  }
  const engine = await acquireEngine(folder, {
    readOnly,
    environment,
    signal: options.signal,
    mapBytes: environment.mapBytes,
    checkUsers: (file) => assertNotCompacting(file, environment),
    checkMeta: checkSchema,
    checkOwner: options.checkOwner,
    failpoint: environment.failpoint,
  });
  try {
    const store = new Store(engine, environment, readOnly);
    if (!readOnly) recordEngine(store);
    // @spec DML-STO-0159
    if (engine.checkedPages) checkRowChecksums(engine);
    return store;
  } catch (error) {
    releaseEngine(engine);
    throw error;
  }
}
