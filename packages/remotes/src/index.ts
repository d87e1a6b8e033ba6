export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export { formatRemoteUri, parseRemoteUri, type RemoteErrorCode } from './remote-uri.ts';
