export {
  type AnyFunction,
  type CallOptions,
  type FunctionRef,
  type FunctionsOf,
  type FunctionsOptions,
  functions,
  isFunctionRef,
} from './authoring/functions.ts';
export { definePipeline, isPipeline, type Pipeline } from './authoring/pipeline.ts';
export {
  type BlobContent,
  type BlobHandle,
  type BlobValue,
  blob,
  blobFromFile,
  type F64,
  f64,
} from './authoring/values.ts';
export { type BuiltinErrorCode, evaluateBuiltin } from './builtins/evaluate.ts';
export {
  type BuiltinKind,
  type BuiltinOperation,
  builtinOperations,
  builtinUri,
} from './builtins/table.ts';
export type { AmbientInput, AmbientKind } from './capture/ambient-inputs.ts';
export { type CapturedFunction, FunctionCapture, type FunctionSource } from './capture/capture.ts';
export type { SourceFrame, SourceLocator } from './capture/source-locator.ts';
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
export { type RecordedFailure, readFailure } from './nodes/error-dag.ts';
export {
  type FunctionUri,
  formatFunctionUri,
  LOCAL_ADAPTER,
  parseFunctionUri,
} from './nodes/function-uri.ts';
export { type PinScope, treeScope } from './nodes/pin-scope.ts';
export { execValue, namedNode, type RecordSource, storedValue } from './nodes/stored-value.ts';
export { RunObjects } from './objects/run-objects.ts';
export { type AuthorPosition, authorPosition } from './pipeline/author-position.ts';
export { loadModule } from './pipeline/load-module.ts';
export { type LoadedPipeline, loadPipeline } from './pipeline/load-pipeline.ts';
export { type Collection, isCollection, itemsOf, readCollection } from './values/collection.ts';
export { liftDatum } from './values/lift.ts';
export { lowerValue, MAX_DEPTH, tooDeep } from './values/lower.ts';
export { lowerDeeply } from './values/lower-deeply.ts';
export type { ObjectSink, ObjectSource, StreamSink } from './values/object-access.ts';
export { cyclicValue, keyPath } from './values/refusal.ts';
export { StoredBlob } from './values/stored-blob.ts';
export { Uri } from './values/uri.ts';
