import { type PageStore, type Records, treeCount, treeEntries } from '@daggerml/object-model';
import { valuesError } from '@daggerml/values';

type Apply = (kind: 'list' | 'map', place: number | string) => Promise<unknown>;

/**
 * Applies a function to the places of a list or map, and returns what it returns in the same places. Throws
 * `unsupported_value` for a value of another kind.
 */
export async function mapPlaces(
  datum: Records['datum'],
  objects: PageStore,
  apply: Apply,
): Promise<unknown[] | Record<string, unknown>> {
  if (datum.kind === 'list') {
    const places = Array.from({ length: treeCount('list', datum.root, objects) }, (_, index) => index);
    return await Promise.all(places.map((index) => apply('list', index)));
  }
  // @spec DML-BND-1868
  if (datum.kind !== 'map')
    throw valuesError('unsupported_value', {
      path: 'the collection',
      found: `a ${datum.kind}`,
      instead: 'give the handle of a list or of a map',
    });
  const keys = Array.from(treeEntries('map', datum.root, objects), ([key]) => key);
  const results = await Promise.all(keys.map((key) => apply('map', key)));
  return Object.fromEntries(keys.map((key, at) => [key, results[at]]));
}
