export { type BackupOptions, type BackupProgress, type BackupReport, backupStore } from './backup/backup.ts';
export { type CompactOptions, type CompactReport, compactStore } from './compact/compact.ts';
export type { CheckOwner } from './engine/engine.ts';
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
  planExcision,
} from './excision/excise.ts';
export { liftExcision } from './excision/lift.ts';
export type {
  ExcisionPlan,
  ExcisionRequest,
  ObjectName,
  Referrer,
} from './excision/plan.ts';
export type { CollectOptions, GcHost, GcReport } from './gc/collect.ts';
export type { GcPlan, GcProgress } from './gc/mark-phase.ts';
export { explainKept, planGc, type RunOptions, runGc } from './gc/run.ts';
export type { GcReason } from './gc/why.ts';
export { type AheadBehind, aheadBehind } from './history/ahead-behind.ts';
export { type CommitFacts, ownCommitFacts } from './history/commit-facts.ts';
export { type CommitGraph, type CommitNode, commitGraph, presentCommits } from './history/commit-graph.ts';
export { type CommitDiff, type DagChange, diffCommits, type PinChange } from './history/diff.ts';
export { Draft, type ObjectReader } from './history/draft.ts';
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
  replayOntoRef,
  squashRef,
} from './history/move-ref.ts';
export { wholeMs } from './history/whole-ms.ts';
export { nodeEnvironment } from './node-environment.ts';
export type { FoundObject, PrefixResult } from './objects/find-objects.ts';
export { ifReadable } from './objects/if-readable.ts';
export { isLeftOut, type StubCounts, type StubFacts, withheldError } from './objects/stubs.ts';
export { type OpenStoreOptions, openStore } from './open-store.ts';
export type { JournalEntry } from './refs/journal.ts';
export {
  asRefName,
  checkNewRefName,
  execRef,
  headRef,
  indexRef,
  isReferenceRef,
  parseRefName,
  type RefKind,
  type RefName,
  type RefParts,
  referenceRef,
  remoteRef,
  tagRef,
} from './refs/ref-name.ts';
export type { Ref, RefUpdate, RefUpdateResult, StoredReference } from './refs/refs.ts';
export type { ReferenceUpdate, ReferenceUpdateResult } from './refs/update-ref.ts';
export type { SessionRow } from './sessions/sessions.ts';
export type { LeftOutSource, Store } from './store.ts';
export { FOLDER_MODE } from './store-folder/file-rights.ts';
export { makeFolder } from './store-folder/make-folder.ts';
export { effectiveUser, isOwnAlone, isWritableByAll } from './store-folder/owner.ts';
export { ensurePlain } from './store-folder/plain-file.ts';
export type { Attempt, AttemptState } from './tables/attempts.ts';
export type { Hold } from './tables/holds.ts';
export type { Listing, ListingChange } from './tables/listings.ts';
export type { MetaKey, MetaValue } from './tables/meta.ts';
export { SCHEMA_VERSION } from './tables/schema.ts';
export {
  type CarLink,
  DAG_CBOR,
  encodeHead,
  encodeSection,
  RAW,
  sectionLength,
  writeSection,
} from './transfer/car-frame.ts';
export { type ByteStream, type CarSection, type CarStream, readCar } from './transfer/car-reader.ts';
export { type CarContent, checkCar } from './transfer/check-car.ts';
export {
  type ExportedRef,
  type ExportHost,
  type ExportProgress,
  exportCar,
  refBlock,
} from './transfer/export.ts';
export {
  type ImportedRef,
  type ImportHost,
  type ImportOptions,
  type ImportResult,
  importCar,
  importObjects,
  type ObjectImport,
  type ObjectImportResult,
} from './transfer/import.ts';
export { type Block, type ObjectBlock, recordBlock } from './transfer/object-block.ts';
export type { LeftOut } from './transfer/offered-absences.ts';
export { type OutgoingHost, outgoingObjects } from './transfer/outgoing.ts';
export {
  type ClosureRequest,
  type PublishedClosure,
  publishedClosure,
  type ReleasedDag,
  type WithholdPolicy,
} from './transfer/published.ts';
export { type ReachedObjects, reachedObjects } from './transfer/reached-objects.ts';
export type { ReceivedCounts, StreamRef } from './transfer/receive.ts';
export type { Finding, VerifyProgress, VerifySummary } from './verify/finding.ts';
export type { ObjectFault } from './verify/object-fault.ts';
export { type VerifyOptions, verifyStore } from './verify/verify-store.ts';
export { ObjectKeySet } from './walk/object-key-set.ts';
export type { GcRoot } from './walk/roots.ts';
export type { ClassTally, ObjectTally } from './walk/tally.ts';
export type { Transactor, WriteTransaction } from './write-transaction.ts';
