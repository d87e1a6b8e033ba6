import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { acquireEngine, releaseEngine } from './engine/engine.ts';
import { ENGINE_VERSION } from './engine/engine-options.ts';
import type { StoreEnvironment } from './environment.ts';
import { storeError } from './errors.ts';
import { textKey } from './keyspace.ts';
import { encodeMeta, type MetaKey, type MetaValue } from './meta.ts';
import { SCHEMA_VERSION } from './schema.ts';

/** Makes a directory's entries durable. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function removeLeftovers(parent: string, prefix: string): void {
  for (const name of readdirSync(parent)) {
    if (name.startsWith(prefix)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

/**
 * Creates an empty store at `path`, whole or not at all: it is built beside and renamed into place.
 * Of several creators at once one wins; the others leave its store untouched.
 */
export async function createStoreFiles(
  path: string,
  createdBy: string,
  environment: StoreEnvironment,
): Promise<void> {
  const parent = dirname(path);
  const draft = join(parent, `${basename(path)}.new-${environment.process.pid}-${environment.randomUuid()}`);
  try {
    mkdirSync(parent, { recursive: true });
    mkdirSync(draft);
    const engine = acquireEngine(draft, false);
    const facts: readonly (readonly [MetaKey, MetaValue])[] = [
      ['schema', SCHEMA_VERSION],
      ['created_by', createdBy],
      ['created_at_ms', environment.nowMs()],
      ['engine', ENGINE_VERSION],
      ['repository', environment.randomUuid()],
      ['generation', 0],
      ['head', 'refs/heads/main'],
    ];
    try {
      engine.root.transactionSync(() => {
        for (const [key, value] of facts) engine.tables.meta.putSync(textKey(key), encodeMeta(key, value));
      });
    } finally {
      await releaseEngine(engine);
    }
    syncDirectory(draft);
    environment.failpoint?.('create/before-rename');
    renameSync(draft, path);
    syncDirectory(parent);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
    if (cause instanceof Error && cause.name === 'DmlError') throw cause;
    throw storeError('store_unwritable', { path, errno: code ?? 'unknown' }, cause);
  }
}

