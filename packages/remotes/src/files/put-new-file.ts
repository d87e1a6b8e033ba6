import { type FileKind, filePath, NONCE_BYTES, newFileName, parseFilePath } from '../format/file-path.ts';
import type { Remote } from '../remote.ts';

/** An immutable file that is being put. */
export interface NewFile {
  /** Its name, without folder and suffix. */
  readonly name: string;
  readonly path: string;
  /** Resolves once it is there; rejects as `RemoteFiles.put` does. */
  readonly put: Promise<void>;
}

/** Begins to put bytes under a name of their own in an epoch; the name is known at once. */
export function putNewFile(
  remote: Pick<Remote, 'files' | 'randomBytes'>,
  kind: FileKind,
  { epoch, bytes }: { readonly epoch: number; readonly bytes: Uint8Array },
): NewFile {
  const name = newFileName(epoch, bytes, remote.randomBytes(NONCE_BYTES));
  const path = filePath(kind, name);
  // Hashed once: for the name.
  return { name, path, put: remote.files.put(path, bytes, parseFilePath(path)?.hash) };
}
