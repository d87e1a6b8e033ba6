export type { RemoteUri, RemoteUriRule } from '@daggerml/object-model';
export type {
  OutcomeList,
  OutcomeObjects,
  OutcomeToPublish,
  PublishCounts,
} from './cache/cache-publisher.ts';
export type { CachedOutcome, IsHere, OutcomeChoice } from './cache/cache-reader.ts';
export type { GatherClock } from './cache/gather-publications.ts';
export type { KeysByPlace } from './cache/keys-by-place.ts';
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
  checkSigners,
  findRemote,
  finishClone,
  type PassedCheck,
  type ReferencePlaces,
  type RemotesConfig,
  readReferencePlaces,
  readRemotes,
  removeRemote,
  setBlobLimit,
  setChecked,
  setReferencePlace,
  setTrust,
} from './config/remotes-config.ts';
export { type RemoteError, type RemoteErrorCode, remoteError } from './errors.ts';
export type { CommitSource } from './exec-refs/commit-sender.ts';
export {
  type ExecJob,
  ExecRefs,
  type ExecRefsOptions,
  type ExecResult,
} from './exec-refs/exec-refs.ts';
export type { CommitHost, CommitToTake } from './exec-refs/take-commits.ts';
export { type EndOptions, endReference, referenceNames } from './federation/end-reference.ts';
export {
  SNAPSHOT_OWNER,
  type SnapshotHost,
  type SnapshotParts,
  takeSnapshot,
} from './federation/federated-snapshot.ts';
export {
  type PublicationPlan,
  type PublishOptions,
  type PublishResult,
  publish,
} from './federation/publish.ts';
export {
  type ReferenceHost,
  type TakeOptions,
  type TakeResult,
  takeReference,
} from './federation/take-reference.ts';
export {
  type FetchedRef,
  type FetchOffer,
  type FetchOptions,
  type FetchResult,
  fetch,
  type SkippedRef,
} from './fetch/fetch.ts';
export { type FetchFilter, leftOutDomain } from './fetch/fetch-filter.ts';
export type { FetchHost } from './fetch/fetch-host.ts';
export type { FetchCounts } from './fetch/fetch-stream.ts';
export { type BringOptions, LeftOutObjects } from './fetch/left-out-objects.ts';
export { type LeftOutSourceOptions, leftOutSource } from './fetch/left-out-source.ts';
export { adapterOf, canonicalRemoteUri } from './files/canonical-remote-uri.ts';
export {
  type FolderFilesOptions,
  type FolderSurroundings,
  openFolderFiles,
} from './files/folder/folder-files.ts';
export { type OpenAdapter, openFiles } from './files/open-files.ts';
export type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from './files/remote-files.ts';
export type { CacheSignature } from './format/cache-row.ts';
export type { ClaimOutcome, RemoteClaim } from './format/claim.ts';
export type { ExecProblem, ExecRef, ExecRefKind } from './format/exec-ref.ts';
export { checkPath, type PathSort } from './format/file-path.ts';
export type { GroupEntry, GroupKind, SegmentEntry } from './format/group.ts';
export type { Link, LinkedObject } from './format/link.ts';
export type { Publication, Publications } from './format/publication.ts';
export type { CacheEntry, RemoteState } from './format/state.ts';
export { type DryFiles, dryFiles, type TransferCost } from './push/dry-files.ts';
export type { RefMove, RefPush } from './push/plan-refs.ts';
export { type PushOptions, type PushResult, push } from './push/push.ts';
export type { PutProgress } from './push/put-groups.ts';
export type { Remote, RemoteClock, RemoteSurroundings } from './remote.ts';
export { parseRemoteUri } from './remote-uri.ts';
export type { MendCounts } from './repair/mend-groups.ts';
export type { NamedFile } from './repair/named-files.ts';
export { type RepairOptions, type RepairResult, repairRemote } from './repair/repair-remote.ts';
export {
  type DamagedFile,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyResult,
  verifyRemote,
} from './repair/verify-remote.ts';
export { type ExecSigner, execSigner, type TrustPolicy } from './signatures/exec-signature.ts';
export {
  type DomainSigner,
  domainSigner,
  type PublicationFacts,
} from './signatures/publication-signature.ts';
export { assertKnown } from './state/assert-known.ts';
export { FileGone } from './state/file-gone.ts';
export { listStates, type RemoteSnapshot, readSnapshot, readState } from './state/read-snapshot.ts';
export {
  type NamedState,
  type Restored,
  type RestoreOptions,
  restoreCurrent,
} from './state/restore-current.ts';
export { forgetInFile, memoryInFile, memoryOfProcess, type StateMemory } from './state/state-memory.ts';
export { systemRemote, systemSurroundings } from './system-remote.ts';
export type { StartTimer } from './timer.ts';
