export type { ExecutableSurroundings } from './adapters/executable/executable-adapters.ts';
export { findRemoteExecutable, listExecutables } from './adapters/executable/find-executable.ts';
export { formatNeeds, type Offers, type PoolOffers } from './adapters/needs.ts';
export type {
  AdapterAnswer,
  AdapterContext,
  AdapterReport,
  AdapterTraits,
  ExecutionAdapter,
  Poll,
  StartAdapter,
  Submission,
} from './adapters/port.ts';
export {
  type BuiltinKind,
  type BuiltinOperation,
  builtinOperations,
  builtinUri,
} from './builtins/table.ts';
export type { Claim, ClaimAnswer, ClaimStore } from './cache/claim-store.ts';
export { type CallRoots, type KeptCalls, type KeptCallsOptions, keptCalls } from './cache/kept-calls.ts';
export type { KeptOutcomes } from './cache/kept-outcomes.ts';
export { OutcomePull, type PullCounts, type PullOutcomesOptions } from './cache/pull-outcomes.ts';
export { type RemoteSharingOptions, remoteSharing } from './cache/remote-sharing.ts';
export type { RunIndex } from './cache/run-index.ts';
export type { PresentObjects, Publication, SharedCache, SharedOutcome } from './cache/shared-cache.ts';
export { TieredCache } from './cache/tiered-cache.ts';
export { type FailedOutcome, openWork, pinnedFailures, workFailures } from './cache/work-failures.ts';
export { allowing, captureCall } from './capture-call.ts';
export { type LaidOutCall, layOutCall } from './debug/lay-out-call.ts';
export { type ExecutionErrorCode, executionError } from './errors.ts';
export {
  Executor,
  type ExecutorOptions,
  type OpenRun,
  type PoolOptions,
  type RunRequest,
} from './executor.ts';
export { captureFile } from './files/capture-file.ts';
export { captureFolder, type TakenFolder } from './files/capture-folder.ts';
export type { CaptureTools } from './files/capture-tools.ts';
export type { FileSystem } from './files/file-system.ts';
export { RunObjects } from './objects/run-objects.ts';
export { type OnDemandOptions, readOnDemand } from './on-demand/read-on-demand.ts';
export type { OpDefinition, OpsDefinition, OpTarget, Phase } from './ops/op-definition.ts';
export type { OpEvent } from './ops/op-events.ts';
export type { OpOutcome, OpReport, TargetReport, TargetState } from './ops/op-report.ts';
export { type OpProgress, OpRuns, type OpRunsOptions, type OpStart } from './ops/op-runs.ts';
export type { PhaseOutcome } from './ops/target-run.ts';
export { type PlannedCall, type PlannedState, planCalls } from './plan/plan-calls.ts';
export { type PlanContext, type PlannedReason, planReasons } from './plan/plan-reasons.ts';
export { type RemoteAdapterSurroundings, remoteAdapters } from './remote-adapters/remote-adapters.ts';
export {
  type ReplayedCall,
  type ReplayOptions,
  type ReplayOutcome,
  replayCalls,
} from './replay/replay-calls.ts';
export { failureError } from './run/call-failure.ts';
export type { CallSpec, CapturedFacts } from './run/callee.ts';
export type {
  CallCounts,
  CallFailure,
  CallOutcome,
  RunEnvelope,
  RunEvent,
  RunReport,
} from './run/events.ts';
export { type OtlpTraces, RunSpans } from './run/otlp-spans.ts';
export { isOutcomeNode } from './run/outcome-input.ts';
export { Run } from './run/run.ts';
export { RunNode, reachableFrom } from './run/run-node.ts';
export type { SharingPorts } from './run/sharing.ts';
export { placeOfFile, ScriptCapture, type ScriptFile } from './script/capture-script.ts';
export {
  type CommandWord,
  type ScriptDeclaration,
  type ScriptOutput,
  variableOf,
} from './script/script.ts';
export type { ScriptLimits } from './script/script-limits.ts';
export { versionAbove } from './version-above.ts';
export type { LonelyReport } from './workers/lonely-jobs.ts';
export { remoteWorkers, runRemoteWorker } from './workers/open-workers.ts';
export type { RemoteWorkerOptions } from './workers/remote-worker.ts';
export type { RemoteWorkersOptions } from './workers/remote-workers.ts';
export type { JobNames, WorkerEvent } from './workers/worker-events.ts';
export type { JobTimers } from './workers/worker-job.ts';
