export { definePipeline } from './pipeline.ts';
export { functions } from './functions.ts';
export { blob, blobFromFile, f64 } from './values.ts';
