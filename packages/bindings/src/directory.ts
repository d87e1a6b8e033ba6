import { type CaptureTools, captureFolder, type RunReport } from '@daggerml/execution';
import type { DatumId } from '@daggerml/object-model';
import type { BlobHandle } from '@daggerml/values';
import { hasStoreFiles, REPOSITORY_MARK } from './folder.ts';

/** Which files of a folder are taken. */
export interface DirectoryOptions {
  /**
   * Decides by its path below the folder, with `/` between the parts, whether a file is taken; of `directory` also
   * whether a link that is kept and an empty folder are. It is not asked about other folders.
   */
  readonly filter?: (path: string) => boolean;
  /** Takes what is in `.git` and `node_modules` too, which is left out otherwise. */
  readonly all?: boolean;
}

/** A file with the executable bit, as `directory` stores it. */
export interface ExecutableFile {
  readonly content: BlobHandle;
  readonly executable: true;
}

/** A symbolic link that leads to a place inside the folder, as `directory` stores it. */
export interface SymbolicLink {
  /** The path that the link holds, from the folder that it is in. */
  readonly link: string;
}

/** An empty folder, as `directory` stores it: a map without keys. */
export type EmptyFolder = Readonly<Record<never, never>>;

/** What stands at one path of a directory; a plain file is its blob. */
export type DirectoryEntry = BlobHandle | ExecutableFile | SymbolicLink | EmptyFolder;

/**
 * A folder, as `directory` stores it: what stands at each path below it.
 *
 * @spec DML-BND-0926
 */
export type Directory = Record<string, DirectoryEntry>;

/** What to store of which folder. */
export interface FolderRequest {
  /** Absolute path. */
  readonly folder: string;
  /** As the program gave it. */
  readonly shown: string;
  /** Whether executable files, links and empty folders are told from plain files. */
  readonly keepsForms: boolean;
  readonly options: DirectoryOptions;
}

/** Stores a folder as the map of its files. Rejects with `unreadable_file`. */
export async function lowerFolder(
  tools: CaptureTools,
  { folder, shown, keepsForms, options }: FolderRequest,
  report: (event: RunReport) => void,
): Promise<DatumId> {
  const { filter = () => true, all = false } = options;
  return captureFolder(
    tools,
    { folder, keepsForms, all, filter, isRepository },
    {
      onProgress: (files) => report({ type: 'directory-progress', path: shown, files }),
      onTaken: (taken) => report({ type: 'directory-captured', path: shown, ...taken }),
    },
  );
}

function isRepository(folder: string, name: string): boolean {
  return name === REPOSITORY_MARK && hasStoreFiles(folder);
}
