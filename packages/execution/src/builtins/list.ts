import {
  buildTree,
  type Datum,
  type Element,
  type TreeRoot,
  treeAt,
  treeCount,
  treeEntries,
  treeSplice,
} from '@daggerml/object-model';
import { type Builtin, BuiltinFailure, type BuiltinInputs } from './evaluate.ts';

type ListOperation = 'construct' | 'get' | 'add' | 'prepend' | 'append' | 'remove' | 'union';

export const listBuiltins: Readonly<Record<ListOperation, Builtin>> = {
  construct: {
    minInputs: 0,
    maxInputs: Number.POSITIVE_INFINITY,
    // @spec DML-BND-1110
    run: (inputs) => listOf(buildTree('list', elements(inputs), inputs.objects)),
  },
  get: {
    minInputs: 2,
    maxInputs: 3,
    // @spec DML-BND-1111
    run: (inputs) => {
      const { root } = inputs.datum(0, 'list');
      const index = inputs.index(1);
      const found = index < 0 ? undefined : treeAt('list', root, index, inputs.objects);
      return inputs.foundOr(found?.entry, 2, 'the list has no item at the index');
    },
  },
  add: {
    minInputs: 3,
    maxInputs: 3,
    // @spec DML-BND-1112
    run: (inputs) => splice(inputs, { at: inputs.index(1), deleteCount: 0, insert: [inputs.element(2)] }),
  },
  prepend: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1113
    run: (inputs) => splice(inputs, { at: 0, deleteCount: 0, insert: [inputs.element(1)] }),
  },
  append: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1114
    run: (inputs) => splice(inputs, { at: lengthOf(inputs), deleteCount: 0, insert: [inputs.element(1)] }),
  },
  remove: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1115
    run: (inputs) => splice(inputs, { at: inputs.index(1), deleteCount: 1, insert: [] }),
  },
  union: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1116
    run: (inputs) => {
      const insert = [...treeEntries('list', inputs.datum(1, 'list').root, inputs.objects)];
      return splice(inputs, { at: lengthOf(inputs), deleteCount: 0, insert });
    },
  },
};

interface ListSplice {
  readonly at: number;
  readonly deleteCount: number;
  readonly insert: readonly Element[];
}

function splice(inputs: BuiltinInputs, { at, deleteCount, insert }: ListSplice): Datum {
  const { root } = inputs.datum(0, 'list');
  const length = treeCount('list', root, inputs.objects);
  if (at < 0 || at + deleteCount > length) {
    throw new BuiltinFailure('index_out_of_range', `a list of ${length} items has no such index`);
  }
  return listOf(treeSplice('list', root, [{ start: at, deleteCount, insert }], inputs.objects));
}

function lengthOf(inputs: BuiltinInputs): number {
  return treeCount('list', inputs.datum(0, 'list').root, inputs.objects);
}

function listOf(root: TreeRoot<'list'>): Datum {
  return { type: 'datum', kind: 'list', root };
}

function* elements(inputs: BuiltinInputs): Generator<Element> {
  for (let index = 0; index < inputs.count; index++) yield inputs.element(index);
}
