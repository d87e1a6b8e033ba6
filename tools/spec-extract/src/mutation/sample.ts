import { createHash } from 'node:crypto';
import { sortedBy } from '../sorted.ts';

/** Verified requirements to try: named ones, or a sample; the seed also chooses the clause. */
export type MutationChoice =
  | { readonly ids: readonly string[]; readonly seed: number }
  | {
      /** The package to sample; all without it. */
      readonly packageName?: string | undefined;
      /** The first id that may be chosen; all without it. */
      readonly from?: string | undefined;
      readonly sampleSize: number;
      readonly seed: number;
    };

/** Lists the ids of a choice, in order. Ids that are named are all meant, whether known or not. */
export function chosenIds(known: readonly string[], choice: MutationChoice): string[] {
  // @spec DML-TRC-0909
  if ('ids' in choice) return sortedBy([...new Set(choice.ids)], (id) => id);
  const { from = '', sampleSize, seed } = choice;
  // @spec DML-TRC-0910
  const allowed = known.filter((id) => id >= from);
  return sampleIds(allowed, sampleSize, seed);
}

/**
 * Chooses up to `size` ids. An id keeps its place in the seed's order whatever other ids there are, so
 * that a larger sample contains the smaller one.
 */
export function sampleIds(ids: readonly string[], size: number, seed: number): string[] {
  // @spec DML-TRC-0902
  const order = (id: string): string => digestOf(id, seed).toString('hex');
  return sortedBy(sortedBy(ids, order).slice(0, size), (id) => id);
}

/** Returns a number below 2^32 that a seed gives to an id. */
export function placeOf(id: string, seed: number): number {
  return digestOf(id, seed).readUInt32BE(28);
}

function digestOf(id: string, seed: number): Buffer {
  return createHash('sha256').update(`${seed}/${id}`).digest();
}
