import { createHash } from 'node:crypto';
import { sortedBy } from '../sorted.ts';

/**
 * Chooses up to `size` ids. An id keeps its place in the seed's order whatever other ids there are, so
 * that a larger sample contains the smaller one.
 */
export function sampleIds(ids: readonly string[], size: number, seed: number): string[] {
  // @spec DML-TRC-0902
  const order = (id: string): string => digestOf(id, seed).toString('hex');
  return sortedBy(ids, order).slice(0, size).sort();
}

/** Returns a number below 2^32 that a seed gives to an id. */
export function placeOf(id: string, seed: number): number {
  return digestOf(id, seed).readUInt32BE(28);
}

function digestOf(id: string, seed: number): Buffer {
  return createHash('sha256').update(`${seed}/${id}`).digest();
}
