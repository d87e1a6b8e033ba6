export { Uri } from '../values/uri.ts';
export { functions } from './functions.ts';
export { definePipeline } from './pipeline.ts';
export { blob, blobFromFile, f64 } from './values.ts';
