import type { FileVersion } from '../remote-files.ts';
import { MisplacedError } from './folder-error.ts';
import type { HeldFolder } from './held-folder.ts';
import { readPlain } from './plain-file.ts';
import { contentName, parseVersionNames, type VersionName } from './version-names.ts';

/** A mutable file: an entry of a folder that is a folder itself. */
export interface MutablePlace {
  readonly parent: HeldFolder;
  readonly name: string;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A mutable file as it was seen; the folder is to be closed. */
export interface SeenVersion {
  readonly folder: HeldFolder;
  readonly inEffect: VersionName;
  /** Names of the files with contents. */
  readonly contents: readonly string[];
}

/** Looks at a folder that shows no version or several, before it counts as damaged; others may be renaming. */
const MAX_LOOKS = 12;
/** Looks at a file that others replace all the time. */
const MAX_READS = 1_000;
const MAX_PAUSE_MS = 50;
/** Longest content that is read. */
const MAX_CONTENT_BYTES = 16 * 2 ** 20;

const pauseMs = (looks: number): number => Math.min(2 ** looks, MAX_PAUSE_MS);

/** Returns the version in effect; undefined when the file is absent. Throws `MisplacedError` for a damaged one. */
export async function seeVersion({ parent, name, sleep }: MutablePlace): Promise<SeenVersion | undefined> {
  for (let looks = 1; ; looks += 1) {
    const folder = await parent.child(name);
    if (folder === undefined) return undefined;
    let isKept = false;
    try {
      const { inEffect, contents } = parseVersionNames(await folder.names());
      const [version, ...others] = inEffect;
      if (version !== undefined && others.length === 0) {
        isKept = true;
        return { folder, inEffect: version, contents };
      }
      // @spec DML-REM-0623
      if (looks === MAX_LOOKS)
        throw new MisplacedError(folder.shownPath, version ? 'several_versions' : 'no_version');
    } finally {
      if (!isKept) folder.close();
    }
    await sleep(pauseMs(looks));
  }
}

/** Returns version and content of a mutable file, `unchanged` for a known version, undefined when it is absent. */
export async function readMutable(
  place: MutablePlace,
  knownVersion: string | undefined,
): Promise<FileVersion | 'unchanged' | undefined> {
  let missing: string | undefined;
  let misses = 0;
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const seen = await seeVersion(place);
    if (seen === undefined) return undefined;
    const { folder, inEffect } = seen;
    try {
      const { version } = inEffect;
      if (version === knownVersion) return 'unchanged';
      const bytes = await readPlain(folder, contentName(inEffect), { maxBytes: MAX_CONTENT_BYTES });
      if (bytes !== undefined) return { bytes, version };
      // Whoever deletes a content has replaced its version before.
      misses = version === missing ? misses + 1 : 1;
      missing = version;
      if (misses === MAX_LOOKS) throw new MisplacedError(folder.shownPath, 'no_content');
    } finally {
      folder.close();
    }
    await place.sleep(pauseMs(misses - 1));
  }
  throw Object.assign(new Error('others replace it all the time'), { code: 'EAGAIN' });
}

/** Returns the size of the content in effect, 0 for a damaged file; undefined when the file is absent. */
export async function sizeOfMutable(place: MutablePlace): Promise<number | undefined> {
  try {
    for (let reads = 0; reads < MAX_LOOKS; reads += 1) {
      const seen = await seeVersion(place);
      if (seen === undefined) return undefined;
      const content = await seen.folder.look(contentName(seen.inEffect)).finally(() => seen.folder.close());
      if (content !== undefined) return content.size;
    }
  } catch (error) {
    if (!(error instanceof MisplacedError)) throw error;
  }
  return 0;
}
