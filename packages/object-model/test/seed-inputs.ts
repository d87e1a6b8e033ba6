import { bytesOfVector } from './vector-case.ts';
import { VECTOR_CASES } from './vector-files.ts';

/** Returns the inputs that fuzzing starts from: every vector of a record, right or refused, below 4 KiB. */
export function seedInputs(): Uint8Array[] {
  const ofRecords = VECTOR_CASES.filter(({ operation }) => operation === 'record' || operation === 'decode');
  return ofRecords
    .flatMap(({ hex }) => (hex === undefined ? [] : [bytesOfVector(hex)]))
    .filter(({ length }) => length > 0 && length < 4096);
}
