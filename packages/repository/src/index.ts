export { backupRepository, type RepositoryBackup } from './backup.ts';
export { type BundledRef, type Unbundled, type UnbundleOptions, unbundle } from './bundles/unbundle.ts';
export type { ChangedFunction, FunctionUse } from './compare/changed-functions.ts';
export {
  type ChangedCode,
  type ChangedValue,
  type CommitComparison,
  type ComparedSide,
  type ComparedValue,
  compareDags,
  type DagComparison,
} from './compare/compare-dags.ts';
export { type DagRun, dagRun, recordedValues, runsOfDag, valueInRun } from './compare/dag-runs.ts';
export { callingName, METRIC_PREFIX, PARAMETER_PREFIX } from './compare/recorded-names.ts';
export { parseRowFilter, type RowFilter } from './compare/row-filter.ts';
export { type RunRow, type RunTable, runTable, type TableOptions } from './compare/run-table.ts';
export { cellData, cellNumber, cellText, cellValue, type ValueCell } from './compare/value-cell.ts';
export { type ChangedDags, type DagsChange, deleteDag, restoreDag } from './dags/change-dags.ts';
export { dagNodes, findImportSource, type ImportSource, pinsOfDag } from './dags/import-dag.ts';
export {
  type HeadConflict,
  type HeadMerge,
  type MergedHead,
  type MergeSide,
  mergeIntoHead,
  type UnmergedHead,
  unmergedError,
} from './dags/merge-head.ts';
export { fastForwardHead, type HeadMove, type MovedHead, rebaseOntoHead } from './dags/move-head.ts';
export {
  type CommitDraft,
  type CommitWords,
  type DagsEdit,
  type DagToCommit,
  planCommit,
  planDag,
  type Standing,
  standingOf,
} from './dags/plan-commit.ts';
export { type RepositoryErrorCode, repositoryError } from './errors.ts';
export { type CallDifference, callDifferences } from './explain/call-differences.ts';
export type { CallOrigin, CallReason } from './explain/call-outcome.ts';
export type { CallPlace } from './explain/call-place.ts';
export {
  type CallSide,
  type Comparison,
  type ExplainSource,
  pinnedSide,
  scriptOf,
} from './explain/call-side.ts';
export { type CallExplanation, explainCall } from './explain/explain-call.ts';
export { type DagExplanation, explainDag } from './explain/explain-dag.ts';
export { type ExplainedName, findCall, findNamed } from './explain/find-call.ts';
export { type FileChange, type FunctionChanges, functionChanges } from './explain/function-changes.ts';
export type { FunctionSources, LibraryUse, SourceText } from './explain/function-sources.ts';
export { matchCalls } from './explain/match-calls.ts';
export type { NodePair } from './explain/own-differences.ts';
export type { Cause, Origin } from './explain/upstream.ts';
export { type SearchProgress, type Usage, type UsageRole, usagesOf } from './explain/usages.ts';
export { type ValueDifference, valueDifferences } from './explain/value-differences.ts';
export {
  assertUsable,
  findRepositoryFolder,
  hasStoreFiles,
  isRepository,
  REPOSITORY_MARK,
  remotesPath,
  standsAt,
  storePath,
} from './folder.ts';
export { forget, type Undone, undoForget } from './forget/forget.ts';
export {
  type ForgetPlan,
  type FreedBytes,
  type Kept,
  measureForget,
  planForget,
} from './forget/plan-forget.ts';
export { findDagOfCommit, findOwnDag } from './names/find-dag.ts';
export { findCommit, findObject } from './names/find-object.ts';
export { findHead, findIndexRef, findRef, findTag } from './names/find-ref.ts';
export { type NamedObject, namedDatum } from './names/named-object.ts';
export { nearest } from './names/nearest.ts';
export { branchRef } from './names/ref-forms.ts';
export { branchOf, indexNameOf, shortRevision, tagOf } from './names/ref-text.ts';
export { SHORT_ID_DIGITS, shortId, typedId } from './names/typed-id.ts';
export { type UnknownName, unknownName } from './names/unknown-name.ts';
export { putFailure, putResultDag, type RecordedFailure, readFailure } from './nodes/error-dag.ts';
export { type ExecHead, execHeadOf, headOf } from './nodes/exec-head.ts';
export {
  adapterNameOf,
  type FunctionUri,
  formatFunctionUri,
  formatScriptUri,
  LOCAL_ADAPTER,
  parseFunctionUri,
  parseScriptUri,
  SCRIPT_ADAPTER,
  type ScriptUri,
} from './nodes/function-uri.ts';
export { type Computed, inputsRoot, isSameComputation } from './nodes/input-values.ts';
export { type PinScope, treeScope } from './nodes/pin-scope.ts';
export { plainResultOf } from './nodes/plain-result.ts';
export { execValue, namedNode, type RecordSource, storedValue } from './nodes/stored-value.ts';
export {
  admitterOf,
  createRepository,
  makeRepositoryFolder,
  type OpeningOptions,
  openRepository,
  type TrustOptions,
} from './open.ts';
export { type CallLog, callLog, type LogPiece } from './receipts/call-log.ts';
export { type FoundCall, findCalls } from './receipts/find-calls.ts';
export { fieldsOf, type RanExec, ranExecOf, receiptOf } from './receipts/receipt-of.ts';
export { resourcesOfExec, type UsedResources, usedResources } from './receipts/used-resources.ts';
export {
  disagreeingPins,
  REPLAYS_REF,
  REPLAYS_SCHEMA,
  type RecordedReplay,
  type RecordedReplays,
  recordedReplays,
} from './replays/recorded-replays.ts';
export { type DagSize, dagSizes } from './stats/dag-sizes.ts';
export {
  type CallTime,
  type DagStats,
  type FunctionStats,
  type RunStats,
  type RunStatsOptions,
  runStats,
} from './stats/run-stats.ts';
export { admitRepository } from './trust/admit-repository.ts';
export { TrustList } from './trust/trust-list.ts';
export { type UserContext, userContext } from './trust/user-context.ts';
export {
  type CallText,
  type CallTextOptions,
  callText,
  functionName,
  nameOfFunction,
  valueText,
  withholdingDomain,
} from './views/call-text.ts';
export { Commit } from './views/commit.ts';
export { commitThatMade, differingCalls } from './views/commit-changes.ts';
export { currentCommit, dagsOf, type NamedDag } from './views/commit-view.ts';
export { containingHead } from './views/containing-head.ts';
export {
  callsMadeIn,
  callsOf,
  type NodeNames,
  type NodeView,
  namesIn,
  nodeOf,
  nodesOf,
  type OutcomeView,
} from './views/dag-view.ts';
export { scopeOf, storedOutcomes } from './views/node-scope.ts';
export { objectValue, readValue } from './views/object-value.ts';
export { isPulledOutcomes, pulledOutcomesMessage } from './views/pulled-outcomes.ts';
export { commandText, type ScriptCommand, scriptCommand } from './views/script-command.ts';
export { trackingRefOf, type Upstream, upstreamOf } from './views/upstream.ts';
export { valueForPeople, valueJson } from './views/value-json.ts';
export { namesOfValues, valuesInHistory, valuesOfDags } from './views/values-in-history.ts';
export { readUnlessGone, walkHistory } from './workspace/history.ts';
export { holdCommits } from './workspace/hold-commits.ts';
export { RecordReader } from './workspace/record-reader.ts';
