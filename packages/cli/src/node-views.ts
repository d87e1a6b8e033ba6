import type { DagId, DatumId, NodeId } from '@daggerml/object-model';
import {
  type NamedObject,
  type NodeView,
  nodeOf,
  nodesOf,
  type RecordReader,
  scopeOf,
  valueJson,
} from '@daggerml/repository';
import { flowParts, formatColumns, visibleWidth } from './columns.ts';
import { nodeTexts } from './node-text.ts';
import type { Output } from './output.ts';
import { formatCount, formatDuration } from './quantities.ts';
import type { ObjectView, ViewLook } from './view-look.ts';

/** Columns of a terminal that an outcome and the names of a node take at most, before the rest gets less. */
const MAX_SIDE_COLUMNS = 24;
/** Columns that a call or a value gets on a terminal, however narrow it is. */
const MIN_TEXT_COLUMNS = 30;
/** Columns before what stands on a line of its own. */
const INDENT_COLUMNS = 4;
/** Columns of the labels of a node's facts. */
const LABEL_COLUMNS = 9;
/** Columns before the text of a node in a list: the short id, and the gaps beside it. */
const ID_COLUMNS = 16;

/** @spec DML-CLI-0805 */
export function dagView(reader: RecordReader, found: NamedObject, { output, full }: ViewLook): ObjectView {
  const nodes = nodesOf(reader, found.objectId as DagId, scopeOf(reader, found));
  return {
    value: {
      commitId: found.scopeCommitId ?? null,
      nodes: output.isJson ? nodes.map((node) => ({ ...node, ...literalValue(reader, node.datumId) })) : [],
    },
    lines: () => {
      const outcomes = nodes.map((node) => outcomeText(node, output));
      const names = nodes.map((node) => output.style('bold', output.safe(node.names.join(', '))));
      const columns = full ? undefined : output.resultColumns;
      const left = full ? undefined : textColumns(output, { nodes, outcomes, names });
      // A terminal that is too narrow for a table gets a node on several lines.
      const isNarrow = columns !== undefined && left !== undefined && left < MIN_TEXT_COLUMNS;
      const width = isNarrow ? Math.max(MIN_TEXT_COLUMNS, columns - INDENT_COLUMNS) : left;
      const texts = nodeTexts(reader, nodes, { width, safe: output.safe });
      const rows = nodes.map((node, index) => [
        `  ${output.shortId(node.nodeId)}`,
        node.kind,
        node.datumId === undefined ? (texts[index] ?? '') : output.style('dim', texts[index] ?? ''),
        outcomes[index] ?? '',
        names[index] ?? '',
      ]);
      return [
        `${formatCount(nodes.length, 'node')}, inputs first`,
        isNarrow ? rows.map((row) => flowParts(row, columns)).join('\n') : formatColumns(rows),
      ];
    },
  };
}

/** Columns that are left for the text of a node; undefined where the result goes to no terminal. */
function textColumns(
  output: Output,
  rows: {
    readonly nodes: readonly NodeView[];
    readonly outcomes: readonly string[];
    readonly names: readonly string[];
  },
): number | undefined {
  if (output.resultColumns === undefined) return undefined;
  const kinds = widest(rows.nodes.map(({ kind }) => kind));
  const sides = [rows.outcomes, rows.names].map((cells) => Math.min(MAX_SIDE_COLUMNS, widest(cells)));
  const taken = [kinds, ...sides].reduce((sum, columns) => sum + columns + (columns > 0 ? 2 : 0), ID_COLUMNS);
  return output.resultColumns - taken;
}

/** The value of a literal as `dml cat` prints it. @spec DML-CLI-0830 */
function literalValue(reader: RecordReader, datumId: DatumId | undefined): { readonly value?: unknown } {
  if (datumId === undefined) return {};
  return { value: JSON.parse([...valueJson(reader, reader.read('datum', datumId))].join('')) };
}

/** Describes one node with its inputs. */
export function nodeView(reader: RecordReader, found: NamedObject, { output, full }: ViewLook): ObjectView {
  const scope = scopeOf(reader, found);
  const node = nodeOf(reader, found.objectId as NodeId, scope);
  const inputs = node.inputNodeIds.map((inputNodeId) => nodeOf(reader, inputNodeId, scope));
  const width = full || output.resultColumns === undefined ? undefined : output.resultColumns - LABEL_COLUMNS;
  const look = { width, safe: output.safe };
  return {
    value: {
      ...node,
      ...(output.isJson && literalValue(reader, node.datumId)),
      inputs: output.isJson
        ? inputs.map(({ nodeId, kind, datumId }) => ({ nodeId, kind, ...literalValue(reader, datumId) }))
        : [],
    },
    lines: () => {
      const texts = nodeTexts(reader, inputs, {
        ...look,
        width: width && Math.max(MIN_TEXT_COLUMNS, width - ID_COLUMNS),
      });
      return [
        `kind     ${node.kind}`,
        ...(node.function === undefined ? [] : [`function ${output.safe(node.function)}`]),
        ...(node.datumId === undefined ? [] : [`datum    ${output.shortId(node.datumId)}`]),
        ...(node.function === undefined
          ? nodeTexts(reader, [node], look).map((text) => `value    ${output.style('dim', text)}`)
          : []),
        ...inputs.map(
          ({ nodeId, kind, datumId }, index) =>
            `input    ${output.shortId(nodeId)}  ${output.style('dim', datumId === undefined ? kind : (texts[index] ?? ''))}`,
        ),
        ...(node.outcome === undefined ? [] : [`exec     ${output.shortId(node.outcome.execId)}`]),
        ...(node.function === undefined ? [] : [`outcome  ${outcomeText(node, output)}`]),
        ...(node.outcome?.failure?.trace ?? []).map((line) => `         ${output.safe(line)}`),
      ];
    },
  };
}

function outcomeText({ function: uri, outcome }: NodeView, output: Output): string {
  if (uri === undefined) return '';
  if (outcome === undefined) return output.style('dim', 'no outcome here');
  const { failure } = outcome;
  if (failure !== undefined)
    return `${output.style('red', 'error')} ${output.safe(`${failure.code}: ${failure.message}`)}`;
  const status = output.style('green', outcome.status);
  if (outcome.sourceExecId !== undefined)
    return `${status} (same values as ${output.shortId(outcome.sourceExecId)})`;
  return outcome.durationMs === undefined ? status : `${status} in ${formatDuration(outcome.durationMs)}`;
}

/** Columns of the widest cell. */
function widest(cells: readonly string[]): number {
  return cells.reduce((columns, cell) => Math.max(columns, visibleWidth(cell)), 0);
}
