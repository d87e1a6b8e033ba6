import { buildTree, compareUtf8, type Element, MAX_MAP_KEY_BYTES, treeGet } from '@daggerml/object-model';
import { ANY_NUMBER, type Builtin, BuiltinFailure, type BuiltinInputs, builtin } from './builtin.ts';
import { datumOf, edited, filter, union } from './keyed.ts';

type MapOperation = 'construct' | 'get' | 'assoc' | 'dissoc' | 'union' | 'intersection' | 'difference';

const keyOfEntry = ([key]: readonly [string, Element]): string => key;

export const mapBuiltins: Readonly<Record<MapOperation, Builtin>> = {
  // @spec DML-BND-1124
  construct: builtin(ANY_NUMBER, (inputs) => {
    if (inputs.count % 2 !== 0) throw new BuiltinFailure('wrong_arity', 'a map takes a value for every key');
    const byKey = new Map<string, Element>();
    for (let index = 0; index < inputs.count; index += 2)
      byKey.set(keyOf(inputs, index), inputs.element(index + 1));
    const entries = [...byKey].sort(([a], [b]) => compareUtf8(a, b));
    return datumOf('map', buildTree('map', entries, inputs.objects));
  }),
  // @spec DML-BND-1125
  get: builtin([2, 3], (inputs) => {
    const found = treeGet('map', inputs.datum(0, 'map').root, keyOf(inputs, 1), inputs.objects);
    return inputs.foundOr(found?.[1], 'the map does not have the key');
  }),
  // @spec DML-BND-1126
  assoc: builtin(3, (inputs) => edited(inputs, 'map', [{ set: [keyOf(inputs, 1), inputs.element(2)] }])),
  // @spec DML-BND-1127
  dissoc: builtin(2, (inputs) => edited(inputs, 'map', [{ deleteKey: keyOf(inputs, 1) }])),
  // @spec DML-BND-1128
  union: union('map'),
  // @spec DML-BND-1129
  intersection: filter('map', keyOfEntry, true),
  // @spec DML-BND-1130
  difference: filter('map', keyOfEntry, false),
};

function keyOf(inputs: BuiltinInputs, index: number): string {
  const { value } = inputs.datum(index, 'string');
  if (Buffer.byteLength(value) > MAX_MAP_KEY_BYTES)
    throw new BuiltinFailure('wrong_kind', 'a key of a map has at most 4096 bytes');
  return value;
}
