export {
  type AnyFunction,
  type CallOptions,
  type FunctionRef,
  type FunctionsOf,
  type FunctionsOptions,
  functions,
  isFunctionRef,
} from './authoring/functions.ts';
export {
  call,
  callWith,
  NESTED_CALL_HOST,
  type NestedCallHost,
  type NestedCallOptions,
  type NestedInputs,
} from './authoring/nested-call.ts';
export { defineOp, defineOps, isOps, type OpsMark } from './authoring/ops.ts';
export { definePipeline, isPipeline, type Pipeline } from './authoring/pipeline.ts';
export {
  file,
  input,
  type JsonOutput,
  json,
  type MarkedPart,
  type OutputSpec,
  output,
  partKind,
  type ScriptFilePart,
  type ScriptInputPart,
  type ScriptOutputPart,
  type TextOutput,
  text,
} from './authoring/script-parts.ts';
export { calleeKey, SELF_KEY } from './bundle/callees.ts';
export { type CapturedFunction, FunctionCapture, type FunctionSource } from './bundle/capture.ts';
export type { CarriedFile } from './bundle/capture-export.ts';
export type { CaptureInputs } from './bundle/capture-inputs.ts';
export type { CarriedLibrary } from './bundle/carried-sources.ts';
export { installedPackageOf, type NativePackage, nativeFiles } from './bundle/native-packages.ts';
export {
  type AuthorSources,
  type SourceFrame,
  SourceLocator,
  traceInSources,
} from './bundle/source-locator.ts';
export type { AmbientInput, AmbientKind } from './by-name/outside-reads.ts';
export { type CaptureErrorCode, captureError } from './errors.ts';
export { type AuthorPosition, authorPosition } from './pipeline/author-position.ts';
export { loadModule } from './pipeline/load-module.ts';
export { exportsOf, type LoadedPipeline, loadPipeline, NAME_ONE } from './pipeline/load-pipeline.ts';
export { captureSettings, threadCode } from './source-file.ts';
