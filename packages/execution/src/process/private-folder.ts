import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markedProcesses } from './marked-processes.ts';
import { endAll } from './process-run.ts';

/** Name of the socket at which the owner listens: the system closes it with the process, however that ends. */
const ALIVE = 'alive';

/**
 * A temporary folder of this process that others cannot enter. What a killed process left of its own is ended and
 * removed by the next one: processes are found by the path of the folder in their environment.
 */
export class PrivateFolder {
  readonly path: string;
  readonly #server: Server;
  /** Resolves when what others left is gone. */
  readonly #tidied: Promise<void>;

  constructor(name: string) {
    const prefix = `${name}-${process.getuid?.() ?? 0}-`;
    this.path = mkdtempSync(join(tmpdir(), prefix));
    this.#server = createServer((socket) => socket.destroy()).unref();
    // A path that is too long for a socket is one whose owner is never taken for dead.
    this.#server.on('error', () => {});
    // Renamed, so that it is never found before it listens.
    const starting = join(this.path, 'starting');
    this.#server.listen(starting, () => renameSync(starting, join(this.path, ALIVE)));
    // What cannot be removed now is left for the next one.
    this.#tidied = tidy(prefix, this.path).catch(() => {});
  }

  /** Ends what holds the folder, and removes it. */
  async close(): Promise<void> {
    await this.#tidied;
    await removeFolder(this.path);
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Removes the folders of processes that ended without doing so. */
async function tidy(prefix: string, own: string): Promise<void> {
  const folders = readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => folder !== own && isOwn(folder));
  for (const folder of folders) {
    // @spec DML-EXE-3313
    if (await isDead(folder)) await removeFolder(folder);
  }
}

/** Checks whether a folder was made by this user. */
function isOwn(folder: string): boolean {
  try {
    const stats = lstatSync(folder);
    return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** Checks whether the owner of a folder has ended; it listens from the beginning. */
function isDead(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(join(folder, ALIVE));
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    // @spec DML-EXE-3314
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

/** Ends every process that has the folder in its environment, and removes the folder. */
async function removeFolder(folder: string): Promise<void> {
  await endAll(() => markedProcesses([`${folder}/`]));
  try {
    await rm(folder, { recursive: true, force: true });
  } catch {
    // Folders without the right to write in them.
    makeWritable(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
}
