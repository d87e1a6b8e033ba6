export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export type { RemoteErrorCode, RemoteValueDetail } from './errors.ts';
export {
  decodeManifest,
  encodeManifest,
  type Manifest,
  type ManifestId,
  type ManifestSegment,
  manifestIdOf,
} from './manifest.ts';
export { decodeRefPointer, encodeRefPointer, type RefPointer } from './ref-pointer.ts';
export type {
  ByteRange,
  ListedRef,
  RefUpdate,
  RefUpdateOutcome,
  RemoteAdapter,
  VersionTag,
} from './remote-adapter.ts';
export { formatRemoteUri, parseRemoteUri } from './remote-uri.ts';
