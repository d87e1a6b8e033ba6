export {
  type AmbientInput,
  type AmbientKind,
  type CallOptions,
  call,
  callWith,
  type FunctionRef,
  type FunctionsOf,
  type FunctionsOptions,
  file,
  functions,
  input,
  type JsonOutput,
  json,
  type LoadedPipeline,
  loadPipeline,
  type NestedCallOptions,
  type NestedInputs,
  type OutputSpec,
  output,
  type Pipeline,
  type ScriptFilePart,
  type ScriptInputPart,
  type ScriptOutputPart,
  type TextOutput,
  text,
} from '@daggerml/capture';
export type {
  CallCounts,
  CallFailure,
  CallOutcome,
  OpEvent,
  OpOutcome,
  OpReport,
  RunEvent,
  TargetReport,
  TargetState,
} from '@daggerml/execution';
export { DmlError, isDmlError } from '@daggerml/object-model';
export type { ChangedDags, MovedHead } from '@daggerml/repository';
export {
  Commit,
  findRepositoryFolder,
  isRepository,
  type NamedObject,
  storePath,
  type UserContext,
  userContext,
} from '@daggerml/repository';
export type { BackupProgress, BackupReport } from '@daggerml/store';
export {
  type BlobContent,
  type BlobHandle,
  type BlobValue,
  blob,
  blobFromFile,
  type F64,
  f64,
  TemporaryError,
  Uri,
} from '@daggerml/values';
export type { ListBuiltins, MapBuiltins, SetBuiltins } from './builtins.ts';
export type { DagCommit } from './commit-dag.ts';
export { Dag } from './dag.ts';
export {
  type CheckResult,
  defineOp,
  defineOps,
  type ExecutionResult,
  loadOps,
  type Op,
  type OpContext,
  type OpOptions,
  type OpsOptions,
  type OpsPipeline,
  type Target,
  type Targets,
} from './define-ops.ts';
export type {
  Directory,
  DirectoryEntry,
  DirectoryOptions,
  EmptyFolder,
  ExecutableFile,
  SymbolicLink,
} from './directory.ts';
export { type BindingsErrorCode, bindingsError } from './errors.ts';
export type { MissedEvents } from './event-stream.ts';
export type { Namespace } from './namespace.ts';
export { ExecutionHandle, NodeHandle } from './node-handle.ts';
export { type OpRunOptions, type OpStartOptions, Ops } from './ops.ts';
export type { ParameterSchema } from './parameter-schema.ts';
export {
  bindParameters,
  type GivenParameters,
  listParameters,
  type ParametersOf,
  type ParameterView,
  parameterFromText,
} from './parameters.ts';
export {
  type BuildDag,
  type BuildWith,
  definePipeline,
  type ParameterDeclaration,
  type PipelineOptions,
} from './pipeline.ts';
export type { CallPlan, DagPlan, PlanCounts } from './plan-dag.ts';
export {
  type DagOptions,
  type DagsOptions,
  type Head,
  type LoadedPipelineOf,
  Repository,
  type RepositoryOptions,
  type RunOptions,
  type RunPlan,
  type RunResult,
} from './repository.ts';
export type { RetriedCall, RetryOptions, RetryResult } from './retry.ts';
export { RunHandle } from './run-handle.ts';
export type { ScriptOptions, ScriptValue, ShellOptions } from './script/script-options.ts';
export type { OutputValue, ScriptPart } from './script/script-parts.ts';
export type { Handles, Outcome, OutcomeError, Outcomes } from './settled.ts';
export type { Callable, CallInputs, CallValue } from './signature.ts';
export type { Input, Inputs, Lifted, Refused, Storable } from './values.ts';
