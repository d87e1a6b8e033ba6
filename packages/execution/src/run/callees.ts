import { calleeKey } from '@daggerml/capture';
import { buildTree, type DatumId, treeEntries } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import type { KnownFunction } from '../files/known-code.ts';
import type { RunObjects } from '../objects/run-objects.ts';

/**
 * Stores the list of a bundle and of the functions that it calls as calls of their own; undefined where there are none.
 *
 * @spec DML-EXE-3402
 */
export function putCallees(
  bundleDatumId: DatumId,
  callees: readonly Pick<KnownFunction, 'functionDatumId'>[],
  objects: RunObjects,
): DatumId | undefined {
  if (callees.length === 0) return undefined;
  const members = [bundleDatumId, ...callees.map(({ functionDatumId }) => functionDatumId)];
  return objects.put({ type: 'datum', kind: 'list', root: buildTree('list', members, objects) });
}

/** Lists the functions that a captured function calls as calls of their own, from its datum. */
export function calleeDatumIds(functionDatumId: DatumId, objects: RunObjects): readonly DatumId[] {
  const { calleesDatumId } = uriOf(functionDatumId, objects);
  if (calleesDatumId === undefined) return [];
  const list = objects.read('datum', calleesDatumId);
  if (list.kind !== 'list') return [];
  const [, ...callees] = treeEntries('list', list.root, objects);
  return callees.filter((member) => typeof member === 'string');
}

/** Returns the function that a key in the code of another one names; undefined where it names none. */
export function calleeOfKey(functionDatumId: DatumId, key: string, objects: RunObjects): DatumId | undefined {
  return calleeDatumIds(functionDatumId, objects).find((calleeId) => {
    const { bundleDatumId, exportName } = uriOf(calleeId, objects);
    const bundle = objects.read('datum', bundleDatumId);
    return bundle.kind === 'blob' && calleeKey(exportName, bundle.contentSha256) === key;
  });
}

function uriOf(functionDatumId: DatumId, objects: RunObjects): ReturnType<typeof parseFunctionUri> {
  const datum = objects.read('datum', functionDatumId);
  return parseFunctionUri(datum.kind === 'uri' ? datum.value : '');
}
