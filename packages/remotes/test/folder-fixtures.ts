import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterTests } from '@daggerml/testkit';
import { type FolderCallOptions, FolderCalls } from '../src/files/folder/folder-calls.ts';
import { FolderFiles, type FolderSurroundings } from '../src/files/folder/folder-files.ts';
import type { RemoteFiles } from '../src/files/remote-files.ts';

/** Surroundings as a program has them. */
export const REAL: FolderSurroundings = {
  clock: { now: Date.now, sleep: async (ms) => void (await sleep(ms)) },
  randomBytes: (count) => randomBytes(count),
};

/** Creates an empty folder for the length of a test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dml-remotes-'));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a remote in a folder. */
export function openFolder(path: string, options: Partial<FolderCallOptions> = {}): RemoteFiles {
  return new FolderFiles({ path, name: path, calls: new FolderCalls({ limitMs: 60_000, ...options }) }, REAL);
}
