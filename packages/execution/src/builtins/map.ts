import {
  buildTree,
  compareUtf8,
  type Datum,
  type Element,
  MAX_MAP_KEY_BYTES,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeGet,
  treeHas,
} from '@daggerml/object-model';
import { type Builtin, BuiltinFailure, type BuiltinInputs } from './evaluate.ts';

type MapEntry = readonly [key: string, element: Element];

type MapOperation = 'construct' | 'get' | 'assoc' | 'dissoc' | 'union' | 'intersection' | 'difference';

export const mapBuiltins: Readonly<Record<MapOperation, Builtin>> = {
  construct: {
    minInputs: 0,
    maxInputs: Number.POSITIVE_INFINITY,
    // @spec DML-BND-1124
    run: (inputs) => {
      if (inputs.count % 2 !== 0)
        throw new BuiltinFailure('wrong_arity', 'a map takes a value for every key');
      const byKey = new Map<string, Element>();
      for (let index = 0; index < inputs.count; index += 2) {
        byKey.set(keyOf(inputs, index), inputs.element(index + 1));
      }
      const entries = [...byKey].sort(([a], [b]) => compareUtf8(a, b));
      return mapOf(buildTree('map', entries, inputs.objects));
    },
  },
  get: {
    minInputs: 2,
    maxInputs: 3,
    // @spec DML-BND-1125
    run: (inputs) => {
      const found = treeGet('map', inputs.datum(0, 'map').root, keyOf(inputs, 1), inputs.objects);
      return inputs.foundOr(found?.[1], 2, 'the map does not have the key');
    },
  },
  assoc: {
    minInputs: 3,
    maxInputs: 3,
    // @spec DML-BND-1126
    run: (inputs) => edited(inputs, [{ set: [keyOf(inputs, 1), inputs.element(2)] }]),
  },
  dissoc: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1127
    run: (inputs) => edited(inputs, [{ deleteKey: keyOf(inputs, 1) }]),
  },
  union: {
    minInputs: 2,
    maxInputs: 2,
    // @spec DML-BND-1128
    run: (inputs) => edited(inputs, changes(entriesOf(inputs, 1))),
  },
  // @spec DML-BND-1129
  intersection: { minInputs: 2, maxInputs: 2, run: (inputs) => filtered(inputs, true) },
  // @spec DML-BND-1130
  difference: { minInputs: 2, maxInputs: 2, run: (inputs) => filtered(inputs, false) },
};

type MapChange = { readonly set: MapEntry } | { readonly deleteKey: string };

function edited(inputs: BuiltinInputs, edits: Iterable<MapChange>): Datum {
  return mapOf(treeEdit('map', inputs.datum(0, 'map').root, edits, inputs.objects));
}

function keyOf(inputs: BuiltinInputs, index: number): string {
  const { value } = inputs.datum(index, 'string');
  if (Buffer.byteLength(value) > MAX_MAP_KEY_BYTES)
    throw new BuiltinFailure('wrong_kind', 'a key of a map has at most 4096 bytes');
  return value;
}

/** Returns the entries of the first map whose keys the second has, or lacks. */
function filtered(inputs: BuiltinInputs, wanted: boolean): Datum {
  const other = inputs.datum(1, 'map').root;
  const kept = function* (): Generator<MapEntry> {
    for (const entry of entriesOf(inputs, 0)) {
      if (treeHas('map', other, entry[0], inputs.objects) === wanted) yield entry;
    }
  };
  return mapOf(buildTree('map', kept(), inputs.objects));
}

function entriesOf(inputs: BuiltinInputs, index: number): Iterable<MapEntry> {
  return treeEntries('map', inputs.datum(index, 'map').root, inputs.objects);
}

function* changes(entries: Iterable<MapEntry>): Generator<MapChange> {
  for (const entry of entries) yield { set: entry };
}

function mapOf(root: TreeRoot<'map'>): Datum {
  return { type: 'datum', kind: 'map', root };
}
