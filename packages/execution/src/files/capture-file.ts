import type { Stats } from 'node:fs';
import { type DatumId, encodeRecord } from '@daggerml/object-model';
import type { CaptureTools } from './capture-tools.ts';
import { IDENTITY_BYTES, isSettled, writeIdentity } from './file-identity.ts';
import { FileIntake } from './file-intake.ts';
import { placeOf } from './folder-memory.ts';
import { isPlainFile } from './folder-walk.ts';
import { KnownDevices } from './known-devices.ts';
import { SMALL_FILE_BYTES } from './small-file.ts';

/**
 * Stores the content of a file, links followed, as a blob and returns the datum; one that is large is remembered.
 * Rejects with `unreadable_file`.
 */
export async function captureFile(tools: CaptureTools, path: string): Promise<DatumId> {
  const { fileSystem, objects, nowMs, knowsFiles } = tools;
  const sinceMs = nowMs();
  const stats = largeFile(tools, path);
  if (stats === undefined) return objects.putDatum(encodeRecord(await objects.lowerFile(path)));
  const place = placeOf('file', path);
  const identity = Buffer.alloc(IDENTITY_BYTES);
  writeIdentity(stats, identity, 0);
  const isKeeping = new KnownDevices(fileSystem).keepIdentity(stats.dev, path);
  if (isKeeping && knowsFiles) {
    const known = objects.store.readListing(place);
    const datumIds = known && identity.equals(known.head) ? known.datumIds : [];
    // @spec DML-EXE-0861
    if (datumIds[0] !== undefined && objects.retainDatums(datumIds, place).length === 0) return datumIds[0];
  }
  const seen = { place: path, identity: stats, isLinked: true };
  const { datumId, isAsSeen } = await new FileIntake(fileSystem, objects).take(seen);
  if (isKeeping && isAsSeen && isSettled(stats, sinceMs)) {
    const parts = new Map<number, Uint8Array>();
    objects.remember({ place, datumIds: [datumId], head: identity, partCount: 0, parts });
  }
  return datumId;
}

/** Returns a file that takes longer to read than to remember; undefined also for what is no file. */
function largeFile({ fileSystem }: CaptureTools, path: string): Stats | undefined {
  try {
    const stats = fileSystem.statSync(path);
    return isPlainFile(stats) && stats.size > SMALL_FILE_BYTES ? stats : undefined;
  } catch {
    // Reading it says why.
    return undefined;
  }
}
