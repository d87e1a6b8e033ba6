export { definePipeline } from './pipeline.ts';
export { functions } from './functions.ts';
export { Uri } from '../values/uri.ts';
export { blob, blobFromFile, f64 } from './values.ts';
