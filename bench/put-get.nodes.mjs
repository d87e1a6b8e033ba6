import { encodeRecord, hashBytes } from '@daggerml/object-model';

const COUNT = 50_000;

const hexIds = Array.from({ length: COUNT + 1 }, (_, index) => hashBytes(Buffer.from(`seed ${index}`)));

/** Call nodes of one function with two inputs each, their bytes, ids and keys. */
export const nodes = Array.from({ length: COUNT }, (_, index) => ({
  type: 'node',
  kind: 'call',
  functionDatumId: hexIds[0],
  inputs: [hexIds[index], hexIds[index + 1]],
}));
export const bodies = nodes.map((node) => encodeRecord(node));
export const ids = bodies.map((bytes) => hashBytes(bytes));
export const keys = ids.map((id) => Buffer.concat([Buffer.from([3]), Buffer.from(id, 'hex')]));
