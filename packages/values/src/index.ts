export { type Collection, isCollection, itemsOf, readCollection } from './collection.ts';
export { type ValuesErrorCode, valuesError } from './errors.ts';
export { functionTag } from './function-brand.ts';
export { liftDatum } from './lift.ts';
export { lowerValue, MAX_DEPTH, sortedElements, tooDeep } from './lower.ts';
export { lowerContent, lowerStream } from './lower-blob.ts';
export { lowerDeeply, SourceThrew } from './lower-deeply.ts';
export type { ObjectSink, ObjectSource, StreamSink } from './object-access.ts';
export { cyclicValue, keyPath } from './refusal.ts';
export { blobStream, StoredBlob } from './stored-blob.ts';
export { isTemporary, TemporaryError } from './temporary-error.ts';
export { Uri } from './uri.ts';
export {
  type BlobContent,
  type BlobHandle,
  type BlobValue,
  blob,
  blobContent,
  blobFromFile,
  type F64,
  f64,
} from './wrapped-values.ts';
