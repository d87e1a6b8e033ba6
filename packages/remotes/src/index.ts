export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export { type RemoteError, type RemoteErrorCode, remoteError } from './errors.ts';
export {
  type FolderFilesOptions,
  type FolderSurroundings,
  openFolderFiles,
} from './files/folder/folder-files.ts';
export type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from './files/remote-files.ts';
export type { RemoteClock, RemoteSurroundings } from './remote.ts';
export { parseRemoteUri } from './remote-uri.ts';
