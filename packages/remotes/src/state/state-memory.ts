import { randomUUID } from 'node:crypto';
import { constants, rmSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { decodeState, encodeState, MAX_STATE_BYTES } from '../format/state.ts';
import { type PageMemory, pagesInFile, pagesOfProcess } from './page-memory.ts';
import type { RemoteSnapshot } from './read-snapshot.ts';

/** Snapshot of the last exchange with a remote: a hint that may be lost at any time. */
export interface StateMemory {
  recall(): Promise<RemoteSnapshot | undefined>;
  /** Remembers a snapshot, or none. Never rejects: what is not remembered costs requests and nothing else. */
  remember(snapshot: RemoteSnapshot | undefined): Promise<void>;
  /** Pages of the trees of refs; none are remembered by default. */
  readonly pages?: PageMemory | undefined;
}

/** Creates a memory that ends with its process. */
export function memoryOfProcess(): StateMemory {
  let remembered: RemoteSnapshot | undefined;
  return {
    pages: pagesOfProcess(),
    recall: async () => remembered,
    remember: async (snapshot) => {
      remembered = snapshot;
    },
  };
}

const schema = z.object({ uri: z.string(), version: z.string(), name: z.string(), state: z.string() });

/**
 * Creates a memory in a file, which is of use only for the remote with the given URI. A file that is not what it should
 * be, a link, or one that cannot be read is as good as none.
 */
export function memoryInFile(path: string, uri: string): StateMemory {
  return {
    pages: pagesInFile(`${path}.refs`),
    async recall() {
      try {
        const { uri: rememberedUri, version, name, state } = schema.parse(JSON.parse(await readPlain(path)));
        if (rememberedUri !== uri) return undefined;
        return { version, name, state: decodeState(Buffer.from(state, 'utf8'), name, uri) };
      } catch {
        return undefined;
      }
    },
    async remember(snapshot) {
      const temporary = `${path}.${randomUUID()}.tmp`;
      try {
        if (snapshot === undefined || snapshot.version === null || snapshot.name === null)
          return await rm(path, { force: true });
        const { name, bytes } = encodeState(snapshot.state);
        const text = JSON.stringify({ uri, version: snapshot.version, name, state: bytes.toString('utf8') });
        await mkdir(dirname(path), { recursive: true });
        const file = await open(temporary, 'wx');
        try {
          await file.writeFile(text);
        } finally {
          await file.close();
        }
        await rename(temporary, path);
      } catch {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    },
  };
}

/** Removes a memory in a file, so that nothing of the remote is known; throws where it cannot. */
export function forgetInFile(path: string): void {
  for (const each of [path, `${path}.refs`]) rmSync(each, { force: true });
}

/** Returns the text of a plain file that is not larger than what is written here. */
async function readPlain(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > 2 * MAX_STATE_BYTES) throw new Error('not a plain file');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
