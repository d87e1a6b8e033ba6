export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export { parseRemoteUri, type RemoteErrorCode } from './remote-uri.ts';
