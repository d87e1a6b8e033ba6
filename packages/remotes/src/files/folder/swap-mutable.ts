import type { SwapAnswer } from '../remote-files.ts';
import { errnoOf } from './folder-calls.ts';
import { isWithoutEffect } from './folder-error.ts';
import type { HeldFolder } from './held-folder.ts';
import { type MutablePlace, type SeenVersion, seeVersion } from './mutable-file.ts';
import { removeAfter, writeNew } from './plain-file.ts';
import { discardFolder } from './temporary-files.ts';
import { contentName, isVersion, markerName, type VersionName } from './version-names.ts';

const REFUSED: SwapAnswer = { outcome: 'refused' };

const NOTHING = new Uint8Array();

/** A swap that is about to be made. */
export interface FolderSwap {
  readonly place: MutablePlace;
  readonly bytes: Uint8Array;
  /** Version that nobody has used. */
  readonly version: string;
}

/**
 * Replaces the version `expected` of a mutable file by renaming the file that says that it is in effect: of several who
 * rename one name, one succeeds. Rejects only where that rename was not tried or surely had no effect.
 */
export async function replaceMutable(
  { place, bytes, version }: FolderSwap,
  expected: string,
): Promise<SwapAnswer> {
  const seen = isVersion(expected) ? await seeVersion(place) : undefined;
  if (seen === undefined) return REFUSED;
  const { folder, inEffect } = seen;
  try {
    if (inEffect.version !== expected) return REFUSED;
    const next = { version, base: expected };
    await writeNew(folder, contentName(next), bytes);
    try {
      await folder.sync();
    } catch (error) {
      await removeAfter(error, () => folder.unlink(contentName(next)));
      throw error;
    }
    try {
      // @spec DML-REM-0620
      await folder.rename(markerName(inEffect), markerName(next));
    } catch (error) {
      return await settleReplacement(place, { error, folder, next });
    }
    return await finishReplacing(place, seen, version);
  } finally {
    folder.close();
  }
}

/** Makes a replacement durable, then deletes the contents that were there before it. */
async function finishReplacing(
  { parent }: MutablePlace,
  { folder, inEffect, contents }: SeenVersion,
  version: string,
): Promise<SwapAnswer> {
  try {
    // @spec DML-REM-0621
    await folder.sync();
    // Whoever created the file may not have come so far.
    if (inEffect.base === null) await parent.sync();
  } catch (cause) {
    return { outcome: 'unknown', cause };
  }
  // All were written for versions that were in effect before this one, and versions do not come back.
  // @spec DML-REM-0622
  for (const name of contents) await folder.unlink(name).catch(() => undefined);
  return { outcome: 'applied', version };
}

/** A rename that failed. */
interface FailedRename {
  readonly error: unknown;
  readonly folder: HeldFolder;
  readonly next: VersionName;
}

/** Finds out what a rename that failed means: others were faster, or nobody knows. */
async function settleReplacement(
  place: MutablePlace,
  { error, folder, next }: FailedRename,
): Promise<SwapAnswer> {
  const discard = (): Promise<void> => folder.unlink(contentName(next));
  if (isWithoutEffect(error)) {
    await removeAfter(error, discard);
    throw error;
  }
  if (errnoOf(error) !== 'ENOENT') return { outcome: 'unknown', cause: error };
  // A server that is asked twice, since its answer got lost, says so to whoever has succeeded.
  const seen = await seeVersion(place).catch(() => undefined);
  seen?.folder.close();
  const version = seen?.inEffect.version;
  if (version === next.version) return { outcome: 'applied', version };
  if (version !== undefined && version !== next.base) await discard().catch(() => undefined);
  return REFUSED;
}

/** Creates a mutable file as a folder that is made elsewhere and renamed, which one of many can do. */
export async function createMutable(
  { place, bytes, version }: FolderSwap,
  { temporary, nonce }: { readonly temporary: HeldFolder; readonly nonce: string },
): Promise<SwapAnswer> {
  const { parent, name } = place;
  const present = await seeVersion(place);
  present?.folder.close();
  if (present !== undefined) return REFUSED;
  const first = { version, base: null };
  const discard = (): Promise<void> => discardFolder(temporary, nonce, { temporary, nonce });
  const draft = await temporary.make(nonce);
  try {
    await writeNew(draft, contentName(first), bytes);
    await writeNew(draft, markerName(first), NOTHING);
    await draft.sync();
  } catch (error) {
    await removeAfter(error, discard);
    throw error;
  } finally {
    draft.close();
  }
  try {
    await temporary.rename(nonce, name, parent);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return settleCreation(place, version);
    const isTaken = errno === 'ENOTEMPTY' || errno === 'EEXIST' || errno === 'ENOTDIR';
    if (!isTaken && !isWithoutEffect(error)) return { outcome: 'unknown', cause: error };
    await removeAfter(error, discard);
    if (!isTaken) throw error;
    // Anything but a mutable file there is reported by this look.
    (await seeVersion(place))?.folder.close();
    return REFUSED;
  }
  try {
    await parent.sync();
  } catch (cause) {
    return { outcome: 'unknown', cause };
  }
  return { outcome: 'applied', version };
}

/** Finds out what became of a folder that was to be renamed and is not there any more. */
async function settleCreation(place: MutablePlace, version: string): Promise<SwapAnswer> {
  try {
    const seen = await seeVersion(place);
    seen?.folder.close();
    if (seen === undefined) return { outcome: 'unknown', cause: new Error('a temporary folder was deleted') };
    return seen.inEffect.version === version ? { outcome: 'applied', version } : REFUSED;
  } catch (cause) {
    return { outcome: 'unknown', cause };
  }
}
