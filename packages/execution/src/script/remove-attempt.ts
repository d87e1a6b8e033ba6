import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Entries that are removed at once: more would keep everything else in the process from its turn. */
const FEW_ENTRIES = 64;

/** Removes the folder of an attempt. One that cannot be removed goes with the private folder that it is in. */
export async function removeAttempt(folder: string): Promise<void> {
  try {
    if (removeFew(folder, FEW_ENTRIES) === undefined) await rm(folder, { recursive: true, force: true });
  } catch {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

/** Removes a folder with at most so many entries and returns how many more it could have had; else undefined. */
function removeFew(folder: string, limit: number): number | undefined {
  const entries = readdirSync(folder, { withFileTypes: true });
  let left: number | undefined = limit - entries.length;
  for (const entry of entries) {
    if (left === undefined || left < 0) return undefined;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) left = removeFew(path, left);
    else unlinkSync(path);
  }
  if (left === undefined || left < 0) return undefined;
  rmdirSync(folder);
  return left;
}
