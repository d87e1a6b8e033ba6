/**
 * Workaround for lmdb 3.5.6: `mdb_env_open` ends the process when its first write to a new file fails, so a new
 * file has its meta pages before the engine sees it. Can go when `node ci/system-calls.mjs` stays green without
 * it.
 */
import { closeSync, fsyncSync, writeSync } from 'node:fs';
import { adoptRights, FILE_MODE, type FileRights } from '../../store-folder/file-rights.ts';
import type { HeldFolder } from '../../store-folder/held-folder.ts';
import { DATA_FILE } from '../../store-folder/places.ts';
import { DATA_VERSION, INTEGER_KEY, MAGIC, META_FLAG, TRANSACTION_AT } from '../meta-page.ts';

/** Length of a page of the data files that are made here. */
const NEW_PAGE_BYTES = 4096;
const FIRST_MAP_BYTES = 2 ** 20;
const TREE_ROOTS = [88, 136] as const;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Returns the two meta pages the engine starts a data file with: no trees, one and the same transaction. */
function emptyDataFile(transactionId: number): Buffer {
  const bytes = Buffer.alloc(2 * NEW_PAGE_BYTES);
  for (const start of [0, NEW_PAGE_BYTES]) {
    bytes.writeUInt32LE(start / NEW_PAGE_BYTES, start);
    bytes.writeUInt16LE(META_FLAG, start + 18);
    bytes.writeUInt32LE(MAGIC, start + 24);
    bytes.writeUInt32LE(DATA_VERSION, start + 28);
    bytes.writeUInt32LE(FIRST_MAP_BYTES, start + 40);
    bytes.writeUInt32LE(NEW_PAGE_BYTES, start + 48);
    bytes.writeUInt16LE(INTEGER_KEY, start + 52);
    for (const root of TREE_ROOTS) bytes.writeBigUInt64LE(NO_PAGE, start + root);
    bytes.writeUInt32LE(1, start + 144);
    bytes.writeBigUInt64LE(BigInt(transactionId), start + TRANSACTION_AT);
  }
  return bytes;
}

/**
 * Writes an empty data file whose transactions count on from `afterTransaction`, 0 for a new store.
 * The engine would write one itself, but ends the process when its first write fails.
 */
export function writeEmptyDataFile(
  folder: HeldFolder,
  afterTransaction: number,
  rights: FileRights | undefined,
): void {
  const descriptor = folder.createFile(DATA_FILE, FILE_MODE);
  try {
    if (rights !== undefined) adoptRights(descriptor, rights);
    // Transactions take the two meta pages in turn, even numbers the first.
    const bytes = emptyDataFile(afterTransaction + (afterTransaction % 2));
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
