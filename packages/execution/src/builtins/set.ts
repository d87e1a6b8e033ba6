import { buildTree, type Element, treeHas } from '@daggerml/object-model';
import { sortedElements } from '@daggerml/values';
import { ANY_NUMBER, type Builtin, builtin } from './builtin.ts';
import { datumOf, edited, filter, union } from './keyed.ts';

type SetOperation = 'construct' | 'get' | 'add' | 'remove' | 'union' | 'intersection' | 'difference';

const itself = (element: Element): Element => element;

export const setBuiltins: Readonly<Record<SetOperation, Builtin>> = {
  // @spec DML-BND-1117
  construct: builtin(ANY_NUMBER, (inputs) =>
    datumOf('set', buildTree('set', sortedElements([...inputs.elements()]), inputs.objects)),
  ),
  // @spec DML-BND-1118
  get: builtin([2, 3], (inputs) => {
    const { root } = inputs.datum(0, 'set');
    const item = inputs.element(1);
    const found = treeHas('set', root, item, inputs.objects) ? item : undefined;
    return inputs.foundOr(found, 'the set does not have the item');
  }),
  // @spec DML-BND-1119
  add: builtin(2, (inputs) => edited(inputs, 'set', [{ set: inputs.element(1) }])),
  // @spec DML-BND-1120
  remove: builtin(2, (inputs) => edited(inputs, 'set', [{ deleteKey: inputs.element(1) }])),
  // @spec DML-BND-1121
  union: union('set'),
  // @spec DML-BND-1122
  intersection: filter('set', itself, true),
  // @spec DML-BND-1123
  difference: filter('set', itself, false),
};
