import {
  buildTree,
  type Datum,
  type Element,
  treeAt,
  treeCount,
  treeEntries,
  treeSplice,
} from '@daggerml/object-model';
import { ANY_NUMBER, type Builtin, BuiltinFailure, type BuiltinInputs, builtin } from './builtin.ts';

type ListOperation = 'construct' | 'get' | 'add' | 'prepend' | 'append' | 'remove' | 'union';

export const listBuiltins: Readonly<Record<ListOperation, Builtin>> = {
  // @spec DML-BND-1110
  construct: builtin(ANY_NUMBER, (inputs) => {
    return { type: 'datum', kind: 'list', root: buildTree('list', inputs.elements(), inputs.objects) };
  }),
  // @spec DML-BND-1111
  get: builtin([2, 3], (inputs) => {
    const { root } = inputs.datum(0, 'list');
    const index = inputs.index(1);
    const found = index < 0 ? undefined : treeAt('list', root, index, inputs.objects);
    return inputs.foundOr(found?.entry, 'the list has no item at the index');
  }),
  // @spec DML-BND-1112
  add: builtin(3, (inputs) => splice(inputs, inputs.index(1), 0, [inputs.element(2)])),
  // @spec DML-BND-1113
  prepend: builtin(2, (inputs) => splice(inputs, 0, 0, [inputs.element(1)])),
  // @spec DML-BND-1114
  append: builtin(2, (inputs) => splice(inputs, lengthOf(inputs), 0, [inputs.element(1)])),
  // @spec DML-BND-1115
  remove: builtin(2, (inputs) => splice(inputs, inputs.index(1), 1, [])),
  // @spec DML-BND-1116
  union: builtin(2, (inputs) => {
    const items = [...treeEntries('list', inputs.datum(1, 'list').root, inputs.objects)];
    return splice(inputs, lengthOf(inputs), 0, items);
  }),
};

function splice(
  inputs: BuiltinInputs,
  start: number,
  deleteCount: number,
  insert: readonly Element[],
): Datum {
  const { root } = inputs.datum(0, 'list');
  const length = lengthOf(inputs);
  if (start < 0 || start + deleteCount > length)
    throw new BuiltinFailure('index_out_of_range', `a list of ${length} items has no such index`);
  const spliced = treeSplice('list', root, [{ start, deleteCount, insert }], inputs.objects);
  return { type: 'datum', kind: 'list', root: spliced };
}

function lengthOf(inputs: BuiltinInputs): number {
  return treeCount('list', inputs.datum(0, 'list').root, inputs.objects);
}
