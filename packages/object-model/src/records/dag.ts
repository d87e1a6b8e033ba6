import { checkFieldCount, type Fields, linkTo, readLink } from './fields.ts';
import type { DagRecord, TreeRecord } from './record-types.ts';
import { readRoot, rootValue } from './root.ts';

/**
 * Yields the fields of a dag, checked.
 *
 * @spec DML-OBJ-1301
 */
export function dagFields(dag: DagRecord): Fields {
  return [linkTo('node', dag.rootNodeId), rootValue('names', dag.names)];
}

/** Reads a dag from its fields. */
export function readDag(fields: Fields): DagRecord {
  checkFieldCount(fields, 2);
  return { type: 'dag', rootNodeId: readLink(fields[0], 'node'), names: readRoot('names', fields[1]) };
}

/**
 * Yields the fields of a tree, checked.
 *
 * @spec DML-OBJ-1302
 */
export function treeFields(tree: TreeRecord): Fields {
  return [rootValue('dags', tree.dags)];
}

/** Reads a tree from its fields. */
export function readTree(fields: Fields): TreeRecord {
  checkFieldCount(fields, 1);
  return { type: 'tree', dags: readRoot('dags', fields[0]) };
}
