import { createHash } from 'node:crypto';
import { sortedBy } from '../sorted.ts';

/** Which of the verified requirements to try: those that are named, or a sample. */
export type MutationChoice =
  | { readonly ids: readonly string[] }
  | {
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
  const order = (id: string): string => createHash('sha256').update(`${seed}/${id}`).digest('hex');
  return sortedBy(sortedBy(ids, order).slice(0, size), (id) => id);
}
