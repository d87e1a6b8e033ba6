import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
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

/** Creates a function that returns fresh copies of a remote, which is made once. */
export function copiesOf<Facts>(
  make: (path: string) => Promise<Facts>,
): () => Promise<Facts & { path: string }> {
  let made: Promise<{ readonly template: string; readonly facts: Facts }> | undefined;
  const makeOnce = async (): Promise<{ readonly template: string; readonly facts: Facts }> => {
    const folder = mkdtempSync(join(tmpdir(), 'dml-remotes-'));
    afterTests('file', () => rmSync(folder, { recursive: true, force: true }));
    const template = join(folder, 'remote');
    return { template, facts: await make(template) };
  };
  return async () => {
    made ??= makeOnce();
    const { template, facts } = await made;
    const path = join(temporaryFolder(), 'remote');
    cpSync(template, path, { recursive: true });
    return { ...facts, path };
  };
}

/** Opens a remote in a folder. */
export function openFolder(path: string, options: Partial<FolderCallOptions> = {}): RemoteFiles {
  return new FolderFiles({ path, name: path, calls: new FolderCalls({ limitMs: 60_000, ...options }) }, REAL);
}

/** A system call of a remote in a folder, as `sync states` or `rename CURRENT.json/…current`. */
export type LoggedCall = string;

/** Opens a remote in a folder whose system calls are logged, and may be failed or delayed by their number. */
export function openLogged(
  path: string,
  onCall: (number: number, call: LoggedCall) => Promise<void> | void = () => {},
  options: Partial<FolderCallOptions> = {},
): { readonly files: RemoteFiles; readonly log: LoggedCall[] } {
  const log: LoggedCall[] = [];
  const files = openFolder(path, {
    ...options,
    onCall: (call, shownPath) => {
      log.push(`${call} ${shownPath}`);
      return onCall(log.length - 1, log.at(-1) as string);
    },
  });
  return { files, log };
}

/** Returns an error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** Lists the paths of everything below a folder, with the bytes of files and the targets of links. */
export function contentsOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (entry.isDirectory()) {
        found[`${path}/`] = '';
        visit(path);
      } else if (entry.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(folder, path))}`;
      else if (entry.isFile()) found[path] = readFileSync(join(folder, path), 'utf8');
      else found[path] = 'special';
    }
  };
  visit('');
  return found;
}
