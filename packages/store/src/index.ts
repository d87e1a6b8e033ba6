export type { Attempt, AttemptState } from './attempts.ts';
export { type BackupOptions, type BackupProgress, type BackupReport, backupStore } from './backup/backup.ts';
export { type CompactOptions, type CompactReport, compactStore } from './compact/compact.ts';
export type { AdmitOwner } from './engine/engine.ts';
export { ENGINE_VERSION } from './engine/engine-options.ts';
export type {
  FileSystemKind,
  ProcessIdentity,
  ProcessProbe,
  StoreEnvironment,
  Waiting,
  WaitOptions,
} from './environment.ts';
export { type StoreErrorCode, storeError } from './errors.ts';
export {
  applyExcision,
  type ExcisionFacts,
  type ExcisionHost,
  type ExcisionOptions,
  planExcision,
} from './excision/excise.ts';
export { type LiftingHost, liftExcision } from './excision/lift.ts';
export type {
  ExcisionPlan,
  ExcisionProgress,
  ExcisionRequest,
  ObjectName,
  Referrer,
} from './excision/plan.ts';
export type { CollectOptions, GcHost, GcReport } from './gc/collect.ts';
export type { GcPlan } from './gc/plan.ts';
export type { GcRoot } from './gc/roots.ts';
export { explainKept, planGc, type RunOptions, runGc } from './gc/run.ts';
export type { GcProgress } from './gc/survey.ts';
export type { ClassTally, ObjectTally } from './gc/tally.ts';
export type { GcReason, PathStep } from './gc/why.ts';
export { type CommitFacts, ownCommitFacts } from './history/commit-facts.ts';
export { type CommitGraph, type CommitNode, commitGraph } from './history/commit-graph.ts';
export { type CommitDiff, type DagChange, diffCommits, type PinChange } from './history/diff.ts';
export type { ObjectReader } from './history/draft.ts';
export { type LogEntry, type LogOptions, type LogOrder, logCommits } from './history/log.ts';
export { isAncestor, mergeBases, type Relation, relateCommits } from './history/merge-base.ts';
export type { MergeConflict, Settle } from './history/merge-content.ts';
export {
  type CommitterFacts,
  type FastForwardResult,
  fastForward,
  type HistoryHost,
  type MergeResult,
  type Move,
  type MoveResult,
  mergeIntoRef,
  type RebaseResult,
  rebaseRef,
  squashRef,
} from './history/move-ref.ts';
export { wholeMs } from './history/whole-ms.ts';
export type { IndexRefEntry } from './index-refs.ts';
export type { JournalEntry, RefState } from './journal.ts';
export type { Listing, ListingChange } from './listings.ts';
export { isKnownDead } from './liveness.ts';
export { makeFolder } from './make-folder.ts';
export type { MetaKey, MetaValue } from './meta.ts';
export { nodeEnvironment } from './node-environment.ts';
export { type OpenStoreOptions, openStore } from './open-store.ts';
export type { Pin } from './pins.ts';
export { type AttemptsHost, type AttemptsRebuilt, rebuildAttempts } from './rebuild-attempts.ts';
export {
  asRefName,
  checkNewRefName,
  execRef,
  headRef,
  indexRef,
  parseRefName,
  type RefKind,
  type RefName,
  type RefParts,
  remoteRef,
} from './ref-name.ts';
export type { Ref, RefUpdate, RefUpdateResult } from './refs.ts';
export type { FoundObject, PrefixResult, RevisionResult } from './revision.ts';
export { SCHEMA_VERSION } from './schema.ts';
export type { SessionRow } from './sessions.ts';
export type { Store } from './store.ts';
export { FOLDER_MODE } from './store-folder/file-rights.ts';
export { effectiveUser, isOwnAlone, isWritableByAll } from './store-folder/owner.ts';
export { ensurePlain } from './store-folder/plain-file.ts';
export type { StubFacts } from './stubs.ts';
export { decodeTombstone, encodeTombstone, type TombstoneFacts } from './tombstone.ts';
export type { ByteStream } from './transfer/car-reader.ts';
export { type ExportedRef, type ExportHost, exportCar } from './transfer/export.ts';
export {
  type ImportedRef,
  type ImportHost,
  type ImportOptions,
  type ImportResult,
  importCar,
} from './transfer/import.ts';
export type { ReceivedCounts } from './transfer/receive.ts';
export type { Finding, VerifyProgress, VerifySummary } from './verify/finding.ts';
export type { ObjectFault } from './verify/object-fault.ts';
export { type VerifyOptions, verifyStore } from './verify/verify-store.ts';
export type { WriteTransaction } from './write-transaction.ts';
