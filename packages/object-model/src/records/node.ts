import { fail } from '../errors.ts';
import { checkName } from '../text/name.ts';
import { checkFieldCount, type Fields, linkTo, readKindNumber, readLink, readText } from './fields.ts';
import type { NodeKind, NodeRecord } from './record-types.ts';
import { readRoot, rootValue } from './root.ts';

/**
 * Kind numbers of nodes.
 *
 * @spec DML-OBJ-1201
 */
export const NODE_KIND_NUMBERS: Readonly<Record<NodeKind, number>> = {
  literal: 1,
  call: 2,
  import: 3,
  builtin: 4,
};

/**
 * Yields the fields of a node, checked; names are not among them.
 *
 * @spec DML-OBJ-1206
 */
export function nodeFields(node: NodeRecord): Fields {
  switch (node.kind) {
    // @spec DML-OBJ-1203
    case 'literal':
      return [NODE_KIND_NUMBERS.literal, linkTo('datum', node.datumId)];
    case 'call':
    case 'builtin':
      // @spec DML-OBJ-1204
      return [
        NODE_KIND_NUMBERS[node.kind],
        linkTo('datum', node.functionDatumId),
        rootValue('inputs', node.inputs),
      ];
    // @spec DML-OBJ-1205
    case 'import':
      return [NODE_KIND_NUMBERS.import, linkTo('dag', node.dagId), checkName(node.name)];
    default:
      return fail('node_kind');
  }
}

/** Reads a node from its fields. */
export function readNode(fields: Fields): NodeRecord {
  const kindNumber = readKindNumber(fields[0], 'node_kind');
  switch (kindNumber) {
    case 1:
      checkFieldCount(fields, 2);
      return { type: 'node', kind: 'literal', datumId: readLink(fields[1], 'datum') };
    case 2:
    case 4:
      checkFieldCount(fields, 3);
      return {
        type: 'node',
        kind: kindNumber === 2 ? 'call' : 'builtin',
        functionDatumId: readLink(fields[1], 'datum'),
        inputs: readRoot('inputs', fields[2]),
      };
    case 3:
      checkFieldCount(fields, 3);
      return {
        type: 'node',
        kind: 'import',
        dagId: readLink(fields[1], 'dag'),
        name: checkName(readText(fields[2])),
      };
    default:
      // @spec DML-OBJ-1202
      return fail('node_kind');
  }
}
