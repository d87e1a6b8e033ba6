import { type CaptureTools, captureFolder, type RunReport } from '@daggerml/execution';
import type { DatumId } from '@daggerml/object-model';
import { hasStoreFiles, REPOSITORY_MARK } from '@daggerml/repository';
import type { BlobHandle } from '@daggerml/values';

/** Filters for the files of a folder. */
export interface DirectoryOptions {
  /**
   * Returns whether to take a file, by its path below the folder with `/` between the parts; for `directory` also a
   * link that is kept and an empty folder. Not called for other folders.
   */
  readonly filter?: (path: string) => boolean;
  /** Includes the content of `.git` and `node_modules`, which is left out by default. */
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

/** The entry at one path of a directory; a plain file is its blob. */
export type DirectoryEntry = BlobHandle | ExecutableFile | SymbolicLink | EmptyFolder;

/**
 * A folder, as `directory` stores it: an entry for each path below it.
 *
 * @spec DML-BND-0926
 */
export type Directory = Record<string, DirectoryEntry>;

/** A folder to store, and the form to store it in. */
export interface FolderRequest {
  /** Absolute path. */
  readonly folder: string;
  /** As the program gave it. */
  readonly shown: string;
  /** True when executable files, links and empty folders keep their form. */
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
