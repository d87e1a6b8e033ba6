import { realpathSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import { storeError } from '../errors.ts';
import { DEFAULT_MAP_BYTES, engineOptions } from './engine-options.ts';
import { openTables, type Tables } from './tables.ts';

type Root = RootDatabase<Uint8Array, Uint8Array>;

/** One open data file of this process, shared by every `Store` opened on the same path. */
export interface Engine {
  readonly path: string;
  readonly readOnly: boolean;
  readonly root: Root;
  readonly tables: Tables;
  /** Why writing has stopped for good in this process; undefined while it has not. */
  poison: unknown;
  /** The label of the write transaction that is running, if any. */
  writing: string | undefined;
  users: number;
}

const engines = new Map<string, Engine>();

function openRoot(path: string, readOnly: boolean): Root {
  for (let mapBytes = DEFAULT_MAP_BYTES; ; mapBytes /= 4) {
    try {
      return open<Uint8Array, Uint8Array>(engineOptions(path, readOnly, mapBytes));
    } catch (cause) {
      const noRoom = cause instanceof Error && /ENOMEM|Cannot allocate memory/.test(cause.message);
      if (noRoom && mapBytes > 2 ** 30) continue;
      throw storeError('store_damaged', { detail: 'engine_open', path }, cause);
    }
  }
}

/** Yields the engine of a path, opening it when this process has not; balanced by `releaseEngine`. */
export function acquireEngine(path: string, readOnly: boolean): Engine {
  const real = realpathSync(path);
  const held = engines.get(real);
  if (held !== undefined) {
    if (held.readOnly && !readOnly) throw storeError('store_open_elsewhere', { path: real, detail: 'read_only' });
    held.users += 1;
    return held;
  }
  const root = openRoot(real, readOnly);
  const tables = openTables(root);
  if (tables === undefined) {
    void root.close();
    throw storeError('store_damaged', { detail: 'table_missing', path: real });
  }
  const engine: Engine = {
    path: real,
    readOnly,
    root,
    tables,
    poison: undefined,
    writing: undefined,
    users: 1,
  };
  engines.set(real, engine);
  return engine;
}

/** Gives an engine back; the last user closes the file. */
export async function releaseEngine(engine: Engine): Promise<void> {
  engine.users -= 1;
  if (engine.users > 0) return;
  engines.delete(engine.path);
  await engine.root.close();
}

/** Yields the engines this process holds; what a test looks at to see that none leaked. */
export function heldEngineCount(): number {
  return engines.size;
}
