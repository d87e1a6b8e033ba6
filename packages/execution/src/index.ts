export type {
  AdapterAnswer,
  AdapterContext,
  AdapterReport,
  ExecutionAdapter,
  Poll,
  StartAdapter,
  Submission,
} from './adapters/port.ts';
export { type BuiltinErrorCode, evaluateBuiltin } from './builtins/evaluate.ts';
export {
  type BuiltinKind,
  type BuiltinOperation,
  builtinOperations,
  builtinUri,
} from './builtins/table.ts';

export { type ExecutionErrorCode, executionError } from './errors.ts';
export { failureError } from './executor/call-failure.ts';
export type { CallCounts, CallFailure, CallOutcome, RunEvent } from './executor/events.ts';
export { Executor, type ExecutorOptions, type OpenRun, type RunRequest } from './executor/executor.ts';
export { holdCommits } from './executor/hold-commits.ts';
export {
  type AttemptFailure,
  type CallEffect,
  type CallEvent,
  type CallState,
  initialState,
  isFinal,
  nextState,
  pauseMs,
  type RetryBudget,
  type Transition,
} from './executor/machine.ts';
export { Run } from './executor/run.ts';
export { allowing, type CallSpec, RunNode, reachableFrom } from './executor/run-node.ts';
export type { Staging } from './executor/staging.ts';
export { captureFile } from './files/capture-file.ts';
export { captureFolder, type TakenFolder } from './files/capture-folder.ts';
export type { CaptureTools } from './files/capture-tools.ts';
export type { FileSystem } from './files/file-system.ts';
export { RunObjects } from './objects/run-objects.ts';
