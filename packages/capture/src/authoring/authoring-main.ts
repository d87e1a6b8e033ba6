export { DmlError, isDmlError } from '@daggerml/object-model';
export { blob, blobFromFile, f64, TemporaryError, Uri } from '@daggerml/values/authoring';
export { functions } from './functions.ts';
export { call, callWith } from './nested-call.ts';
export { defineOp, defineOps } from './ops.ts';
export { definePipeline } from './pipeline.ts';
export { file, input, json, output, text } from './script-parts.ts';
