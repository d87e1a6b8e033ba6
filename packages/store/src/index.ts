export { ENGINE_VERSION } from './engine/engine-options.ts';
export type { FileSystemKind, ProcessIdentity, ProcessProbe, StoreEnvironment } from './environment.ts';
export { type StoreErrorCode, storeError } from './errors.ts';
export type { GcPlan } from './gc/plan.ts';
export { explainKept, planGc, runGc } from './gc/run.ts';
export type { ClassTally, ObjectTally } from './gc/tally.ts';
export type { GcReason } from './gc/why.ts';
export { isAncestor } from './history/merge-base.ts';
export type { IndexRefEntry } from './index-refs.ts';
export type { JournalEntry, RefState } from './journal.ts';
export type { MetaKey, MetaValue } from './meta.ts';
export { nodeEnvironment } from './node-environment.ts';
export { type OpenStoreOptions, openStore } from './open-store.ts';
export type { Pin } from './pins.ts';
export {
  asRefName,
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
export { decodeTombstone, encodeTombstone, type TombstoneFacts } from './tombstone.ts';
export type { WriteTransaction } from './write-transaction.ts';
