import { createHash } from 'node:crypto';
import { sortedBy } from '../sorted.ts';

/**
 * Chooses up to `size` ids. An id keeps its place in the seed's order whatever other ids there are, so
 * that a larger sample contains the smaller one.
 */
export function sampleIds(ids: readonly string[], size: number, seed: number): string[] {
  // @spec DML-TRC-0902
  const order = (id: string): string => createHash('sha256').update(`${seed}/${id}`).digest('hex');
  return sortedBy(sortedBy(ids, order).slice(0, size), (id) => id);
}
