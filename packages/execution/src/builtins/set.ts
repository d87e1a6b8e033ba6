import {
  buildTree,
  type Datum,
  type Element,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeHas,
} from '@daggerml/object-model';
import { sortedElements } from '@daggerml/values';
import type { Builtin, BuiltinInputs } from './evaluate.ts';

type SetOperation = 'construct' | 'get' | 'add' | 'remove' | 'union' | 'intersection' | 'difference';

export const setBuiltins: Readonly<Record<SetOperation, Builtin>> = {
  construct: {
    minInputs: 0,
    maxInputs: Number.POSITIVE_INFINITY,
    // @spec DML-BND-1117
    run: (inputs) => {
      const elements = Array.from({ length: inputs.count }, (_, index) => inputs.element(index));
      return setOf(buildTree('set', sortedElements(elements), inputs.objects));
    },
  },
  get: {
    minInputs: 2,
    maxInputs: 3,
    // @spec DML-BND-1118
    run: (inputs) => {
      const { root } = inputs.datum(0, 'set');
      const item = inputs.element(1);
      const found = treeHas('set', root, item, inputs.objects) ? item : undefined;
      return inputs.foundOr(found, 2, 'the set does not have the item');
    },
  },
  // @spec DML-BND-1119
  add: { minInputs: 2, maxInputs: 2, run: (inputs) => edited(inputs, [{ set: inputs.element(1) }]) },
  // @spec DML-BND-1120
  remove: { minInputs: 2, maxInputs: 2, run: (inputs) => edited(inputs, [{ deleteKey: inputs.element(1) }]) },
  union: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1121
    run: (inputs) =>
      edited(
        inputs,
        mapped(entriesOf(inputs, 1), (element) => ({ set: element })),
      ),
  },
  // @spec DML-BND-1122
  intersection: { minInputs: 2, maxInputs: 2, run: (inputs) => filtered(inputs, true) },
  // @spec DML-BND-1123
  difference: { minInputs: 2, maxInputs: 2, run: (inputs) => filtered(inputs, false) },
};

type SetChange = { readonly set: Element } | { readonly deleteKey: Element };

function edited(inputs: BuiltinInputs, changes: Iterable<SetChange>): Datum {
  return setOf(treeEdit('set', inputs.datum(0, 'set').root, changes, inputs.objects));
}

/** Returns the items of the first set that the second has, or lacks. */
function filtered(inputs: BuiltinInputs, wanted: boolean): Datum {
  const other = inputs.datum(1, 'set').root;
  const kept = function* (): Generator<Element> {
    for (const element of entriesOf(inputs, 0)) {
      if (treeHas('set', other, element, inputs.objects) === wanted) yield element;
    }
  };
  return setOf(buildTree('set', kept(), inputs.objects));
}

function entriesOf(inputs: BuiltinInputs, index: number): Iterable<Element> {
  return treeEntries('set', inputs.datum(index, 'set').root, inputs.objects);
}

function* mapped<From, To>(items: Iterable<From>, map: (item: From) => To): Generator<To> {
  for (const item of items) yield map(item);
}

function setOf(root: TreeRoot<'set'>): Datum {
  return { type: 'datum', kind: 'set', root };
}
