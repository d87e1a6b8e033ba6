export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export type { OutcomeObjects, OutcomeToPublish } from './cache/cache-publisher.ts';
export type { CachedOutcome, IsHere } from './cache/cache-reader.ts';
export type { GatherClock } from './cache/gather-publications.ts';
export { RemoteCache, type RemoteCacheOptions } from './cache/remote-cache.ts';
export { type CheckOptions, checkForClaims, checkRemote } from './check/check-remote.ts';
export type { CheckPart, CheckReport, PartReport } from './check/check-report.ts';
export { type ListedClaim, listClaims } from './claims/list-claims.ts';
export {
  type OwnClaim,
  type RemoteClaimAnswer,
  RemoteClaims,
  type RemoteClaimsOptions,
} from './claims/remote-claims.ts';
export type { LocalClocks } from './claims/remote-time.ts';
export {
  type CollectOptions,
  type CollectResult,
  collectRemote,
  type Garbage,
  type GroupFate,
} from './collect/collect.ts';
export {
  addRemote,
  type ConfiguredRemote,
  checkRemoteName,
  findRemote,
  type PassedCheck,
  type RemotesConfig,
  readRemotes,
  removeRemote,
  setChecked,
  setTrust,
} from './config/remotes-config.ts';
export { type RemoteError, type RemoteErrorCode, remoteError } from './errors.ts';
export {
  type FetchedRef,
  type FetchHost,
  type FetchOptions,
  type FetchResult,
  fetch,
} from './fetch/fetch.ts';
export type { FetchCounts } from './fetch/fetch-stream.ts';
export { canonicalRemoteUri } from './files/canonical-remote-uri.ts';
export {
  type FolderFilesOptions,
  type FolderSurroundings,
  openFolderFiles,
} from './files/folder/folder-files.ts';
export { openFiles } from './files/open-files.ts';
export type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from './files/remote-files.ts';
export type { CacheSignature } from './format/cache-row.ts';
export type { ClaimOutcome, RemoteClaim } from './format/claim.ts';
export type { GroupEntry, GroupKind, SegmentEntry } from './format/group.ts';
export type { Link, LinkedObject } from './format/link.ts';
export type { CacheEntry, RemoteState } from './format/state.ts';
export type { TransferCost } from './push/dry-files.ts';
export type { RefMove, RefPush } from './push/plan-refs.ts';
export { type PushOptions, type PushResult, push } from './push/push.ts';
export type { PutProgress } from './push/put-groups.ts';
export type { Remote, RemoteClock, RemoteSurroundings } from './remote.ts';
export { parseRemoteUri } from './remote-uri.ts';
export { type ExecSigner, execSigner, type TrustPolicy } from './signatures/exec-signature.ts';
export { listStates, type RemoteSnapshot, readSnapshot, readState } from './state/read-snapshot.ts';
export { memoryInFile, memoryOfProcess, type StateMemory } from './state/state-memory.ts';
export { systemRemote, systemSurroundings } from './system-remote.ts';
export type { StartTimer } from './timer.ts';
