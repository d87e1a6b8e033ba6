/** The values that captured functions and pipelines make, without anything that stores them. */
export { functionTag } from './function-brand.ts';
export { TemporaryError } from './temporary-error.ts';
export { Uri } from './uri.ts';
export { blob, blobFromFile, f64 } from './wrapped-values.ts';
