import {
  buildTree,
  type Datum,
  type EntryKeys,
  type LeafEntries,
  type TreeChange,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeHas,
} from '@daggerml/object-model';
import { type Builtin, type BuiltinInputs, builtin } from './builtin.ts';

/** The kinds of collections that find their entries by keys. */
export type Keyed = 'set' | 'map';

/** Returns the first input, a collection of the kind, with changes. */
export function edited<Kind extends Keyed>(
  inputs: BuiltinInputs,
  kind: Kind,
  changes: Iterable<TreeChange<Kind>>,
): Datum {
  return datumOf(kind, treeEdit(kind, rootOf(inputs, kind, 0), changes, inputs.objects));
}

/** Creates the builtin that adds the entries of the second collection to the first. */
export function union<Kind extends Keyed>(kind: Kind): Builtin {
  return builtin(2, (inputs) => {
    const added = Array.from(entriesOf(inputs, kind, 1), (set): TreeChange<Kind> => ({ set }));
    return edited(inputs, kind, added);
  });
}

/** Creates the builtin that keeps the entries of the first collection whose keys the second has, or lacks. */
export function filter<Kind extends Keyed>(
  kind: Kind,
  keyOf: (entry: LeafEntries[Kind]) => EntryKeys[Kind],
  isWanted: boolean,
): Builtin {
  return builtin(2, (inputs) => {
    const other = rootOf(inputs, kind, 1);
    const kept = function* (): Generator<LeafEntries[Kind]> {
      for (const entry of entriesOf(inputs, kind, 0))
        if (treeHas(kind, other, keyOf(entry), inputs.objects) === isWanted) yield entry;
    };
    return datumOf(kind, buildTree(kind, kept(), inputs.objects));
  });
}

/** Returns the datum of a collection. */
export function datumOf<Kind extends Keyed>(kind: Kind, root: TreeRoot<Kind>): Datum {
  return { type: 'datum', kind, root } as Datum;
}

function rootOf<Kind extends Keyed>(inputs: BuiltinInputs, kind: Kind, index: number): TreeRoot<Kind> {
  return (inputs.datum(index, kind) as Datum & { readonly kind: Keyed }).root as TreeRoot<Kind>;
}

function entriesOf<Kind extends Keyed>(
  inputs: BuiltinInputs,
  kind: Kind,
  index: number,
): Iterable<LeafEntries[Kind]> {
  return treeEntries(kind, rootOf(inputs, kind, index), inputs.objects);
}
