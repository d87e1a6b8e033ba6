export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export { type RemoteError, type RemoteErrorCode, remoteError } from './errors.ts';
export type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from './files/remote-files.ts';
export { parseRemoteUri } from './remote-uri.ts';
