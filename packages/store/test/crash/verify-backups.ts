import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openStore } from '../../src/open-store.ts';
import type { Store } from '../../src/store.ts';
import { isStore } from '../../src/store-folder/find-store.ts';
import { verifyStore } from '../../src/verify/verify-store.ts';
import { refsAfter } from '../rows.ts';
import type { WorkerLine } from './protocol.ts';

/**
 * Opens and then removes every backup that workers made, or left half made, next to the store at a path. Returns
 * the promises that did not hold: each is a whole store with the refs that its source had at one moment, and what
 * was said to be copied is there.
 */
export async function takeBackups(path: string, lines: readonly WorkerLine[]): Promise<string[]> {
  const said = new Map<string, number>();
  for (const line of lines)
    if (line.kind === 'backup') said.set(line.path, Math.max(line.sequence, said.get(line.path) ?? 0));
  const parent = dirname(path);
  const folders = readdirSync(parent).filter((name) => name.startsWith(`${basename(path)}.backup-`));
  const places = new Set([...said.keys(), ...folders.map((name) => join(parent, name, 'store'))]);
  const broken: string[] = [];
  const source = await openStore(path, { mode: 'read' });
  try {
    for (const place of places) {
      if (isStore(place)) broken.push(...(await verifyBackup(source, place, said.get(place) ?? 0)));
      else if (said.has(place)) broken.push(`lost the backup ${place}`);
      rmSync(dirname(place), { recursive: true, force: true });
    }
  } finally {
    await source.close();
  }
  return broken;
}

async function verifyBackup(source: Store, path: string, sequence: number): Promise<string[]> {
  const broken: string[] = [];
  const backup = await openStore(path, { mode: 'read' });
  try {
    const at = backup.stateVersion();
    if (at < sequence) broken.push(`backup of ${sequence} ends at ${at}`);
    const refs = new Map<string, string>(backup.readRefs().map((ref) => [ref.name, ref.commitId]));
    if (!isDeepStrictEqual(refs, await refsAfter(source, at)))
      broken.push(`refs of the backup are not those of sequence ${at}`);
    await verifyStore(backup, { onFinding: (finding) => broken.push(JSON.stringify(finding)) });
  } catch (error) {
    broken.push(`backup: ${(error as Error).message}`);
  } finally {
    await backup.close();
  }
  return broken;
}
