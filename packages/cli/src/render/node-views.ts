import { type DagId, type DatumId, isDmlError, type NodeId } from '@daggerml/object-model';
import {
  callingName,
  callsMadeIn,
  callText,
  commandText,
  functionName,
  type NamedObject,
  type NodeNames,
  type NodeView,
  namesIn,
  nodeOf,
  nodesOf,
  type PinScope,
  type RecordReader,
  resourcesOfExec,
  scopeOf,
  scriptCommand,
  shortId,
  storedOutcomes,
  storedValue,
  valueJson,
  valueText,
  withholdingDomain,
} from '@daggerml/repository';
import { formatColumns, visibleWidth } from './columns.ts';
import type { Output } from './output.ts';
import { formatCount, formatDuration } from './quantities.ts';
import { resourcesJson, resourcesText } from './resources-text.ts';
import { truncateDistinct } from './truncate-distinct.ts';

/** View of an object in `dml show`: a JSON value and, on demand, lines for people. */
export interface ObjectView {
  readonly value: Readonly<Record<string, unknown>>;
  lines(): string[];
}

/** Options for showing an object. */
export interface RenderOptions {
  readonly output: Output;
  /** Shows all of what is cut otherwise. */
  readonly full: boolean;
}

/** Columns of a terminal that an outcome and the names of a node take at most, before the rest gets less. */
const MAX_SIDE_COLUMNS = 24;
/** Columns that a call or a value gets on a terminal, however narrow it is. */
const MIN_TEXT_COLUMNS = 30;
/** Columns that a call or a value gets where the result goes to no terminal. */
const PLAIN_COLUMNS = 200;
/** Columns of the labels of a node's facts. */
const LABEL_COLUMNS = 9;
/** Columns before the text of a node in a list: the short id, and the gaps around it. */
const ID_COLUMNS = 16;

/** Characters of one input that a call shows; the row of the input itself has all of them. */
const MAX_INPUT_LENGTH = 2_000;
/** Characters of a call's inputs together; a call of a hundred thousand nodes stays a line. */
const MAX_CALL_LENGTH = 20_000;

export function dagView(
  reader: RecordReader,
  found: NamedObject,
  { output, full }: RenderOptions,
): ObjectView {
  const nodes = nodesOf(reader, found.objectId as DagId, scopeOf(reader, found));
  return {
    value: {
      commitId: found.scopeCommitId ?? null,
      nodes: output.isJson ? nodes.map((node) => ({ ...node, ...literalValue(reader, node.datumId) })) : [],
    },
    lines: () => {
      const outcomes = nodes.map((node) => outcomeText(node, output));
      const names = nodes.map((node) => output.style('bold', output.safe(node.names.join(', '))));
      const width = full ? undefined : textColumns(output, { nodes, outcomes, names });
      const { texts, isCut } = nodeTexts(reader, nodes, { width, safe: output.safe });
      // @spec DML-CLI-0805
      const rows = nodes.map((node, index) => [
        `  ${output.shortId(node.nodeId)}`,
        node.kind,
        node.datumId === undefined ? (texts[index] as string) : output.style('dim', texts[index] as string),
        outcomes[index] as string,
        names[index] as string,
      ]);
      return [
        `${formatCount(nodes.length, 'node')}, inputs first`,
        formatColumns(rows),
        ...cutNote(output, isCut),
      ];
    },
  };
}

/** Returns the line that says how what was cut is shown whole. @spec DML-CLI-3706 */
function cutNote(output: Output, isCut: boolean): string[] {
  const note = '… stands for what is cut: --full shows it, "dml cat <id>" prints a value whole';
  return isCut ? [output.style('dim', note)] : [];
}

/** Columns that are left for the text of a node. */
function textColumns(
  output: Output,
  rows: {
    readonly nodes: readonly NodeView[];
    readonly outcomes: readonly string[];
    readonly names: readonly string[];
  },
): number {
  // @spec DML-CLI-3704
  if (output.resultColumns === undefined) return PLAIN_COLUMNS;
  const kinds = widest(rows.nodes.map(({ kind }) => kind));
  const sides = [rows.outcomes, rows.names].map((cells) => Math.min(MAX_SIDE_COLUMNS, widest(cells)));
  const taken = [kinds, ...sides].reduce((sum, columns) => sum + columns + (columns > 0 ? 2 : 0), ID_COLUMNS);
  return Math.max(MIN_TEXT_COLUMNS, output.resultColumns - taken);
}

/** Returns the value of a literal as `dml cat` prints it. @spec DML-CLI-0830 */
function literalValue(
  reader: RecordReader,
  datumId: DatumId | undefined,
): { readonly value?: unknown; readonly withheldBy?: string } {
  if (datumId === undefined) return {};
  try {
    return { value: JSON.parse([...valueJson(reader, reader.read('datum', datumId))].join('')) };
  } catch (error) {
    // @spec DML-CLI-1296
    const withheldBy = withholdingDomain(error);
    if (withheldBy === undefined) throw error;
    return { withheldBy };
  }
}

/** Describes one node: its call with the inputs by name, its own names, its value. */
export function nodeView(
  reader: RecordReader,
  found: NamedObject,
  { output, full }: RenderOptions,
): ObjectView {
  const scope = scopeOf(reader, found);
  const names = found.insideDagId === undefined ? NO_NAMES : namesIn(reader, found.insideDagId);
  const node = nodeOf(reader, found.objectId as NodeId, { scope, names });
  const inputs = node.inputNodeIds.map((inputNodeId) => nodeOf(reader, inputNodeId, { scope, names }));
  const callOf = (nodeId: NodeId): string =>
    callText(reader, nodeId, { nameOf: (input) => callingName(names.get(input)) }).text;
  const earlier = storedOutcomes(reader, scope, node.nodeId).filter(
    ({ execId }) => execId !== node.outcome?.execId,
  );
  const isCall = node.function !== undefined;
  const made = madeCalls(reader, callsMadeBy(reader, node), { isDeep: full || output.isJson });
  const command = node.function === undefined ? undefined : scriptCommand(reader, node.function);
  const used =
    node.kind === 'call' && node.outcome ? resourcesOfExec(reader, node.outcome.execId) : undefined;
  const usedText = used === undefined ? '' : resourcesText(used);
  const valueId = knownValue(reader, node.nodeId, scope);
  return {
    // @spec DML-CLI-1501
    value: {
      ...node,
      ...(isCall && { functionName: functionName(node.function), call: callOf(node.nodeId) }),
      ...(command !== undefined && { command }),
      ...(output.isJson && literalValue(reader, valueId)),
      ...(isCall && { otherOutcomes: earlier }),
      ...(used && resourcesJson(used)),
      // @spec DML-CLI-1965
      ...(node.kind === 'call' && { calls: output.isJson ? made.map((one) => one.json) : [] }),
      inputs: output.isJson
        ? inputs.map(({ nodeId, kind, datumId, names: own }) => ({
            nodeId,
            kind,
            names: own,
            ...literalValue(reader, datumId),
          }))
        : [],
    },
    lines: () => {
      const columns = output.resultColumns;
      const width = full ? undefined : columns === undefined ? PLAIN_COLUMNS : columns - LABEL_COLUMNS;
      const limit = width ?? Number.POSITIVE_INFINITY;
      let isCut = false;
      const shown = (nodeId: NodeId, datumId: DatumId): string => {
        const text = valueText(reader, { nodeId, datumId }, limit);
        isCut ||= text.length > limit;
        return output.style('dim', output.safe(text));
      };
      const lines = [
        ...(isCall ? [`call     ${output.style('bold', output.safe(callOf(node.nodeId)))}`] : []),
        ...(node.names.length > 0 ? [`name     ${output.safe(node.names.join(', '))}`] : []),
        // @spec DML-CLI-1941
        ...(command === undefined ? [] : [`command  ${output.safe(commandText(command))}`]),
        `kind     ${node.kind}`,
        ...inputs.map((input) => `input    ${inputText(input)}`),
        ...(node.datumId === undefined ? [] : [`datum    ${output.shortId(node.datumId)}`]),
        ...(valueId === undefined ? [] : [`value    ${shown(node.nodeId, valueId)}`]),
        ...(isCall ? [`outcome  ${outcomeText(node, output)}`] : []),
        ...(node.outcome?.failure?.trace ?? []).map((line) => `         ${output.safe(line)}`),
        ...(node.imported === undefined
          ? []
          : nodeTexts(reader, [node], { width, safe: output.safe }).texts.map((text) => `import   ${text}`)),
        ...(usedText === '' ? [] : [`used     ${usedText}`]),
        ...(node.outcome === undefined ? [] : [`exec     ${output.shortId(node.outcome.execId)}`]),
        // @spec DML-CLI-1700
        ...earlier.map(
          (outcome) =>
            `other    ${output.shortId(outcome.execId)}  ${outcomeText({ ...node, outcome }, output)}`,
        ),
        ...callLines(made, { output, full, isFirst: true }),
        ...(isCall ? [`function ${output.safe(functionText(String(node.function), full))}`] : []),
      ];
      return [...lines, ...cutNote(output, isCut)];

      function inputText({ nodeId, kind, datumId, names: [name] }: NodeView): string {
        const text =
          datumId !== undefined
            ? shown(nodeId, datumId)
            : output.style('dim', kind === 'import' ? 'import' : output.safe(callOf(nodeId)));
        return `${name === undefined ? '' : `${output.safe(name)} = `}${text}  ${output.shortId(nodeId)}`;
      }
    },
  };
}

/** A call that a function has made. */
interface MadeCall {
  readonly view: NodeView;
  readonly text: string;
  /** Calls that its own function has made; empty for a call that was met before, and where only their count is shown. */
  readonly made: readonly MadeCall[];
  readonly madeCount: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Returns the calls that the function of a node has made. */
function callsMadeBy(reader: RecordReader, { outcome }: NodeView): readonly NodeView[] {
  return outcome === undefined ? [] : callsMadeIn(reader, outcome);
}

/** Describes calls that a function has made, with theirs when `isDeep`; one that was met before without its own. */
function madeCalls(
  reader: RecordReader,
  views: readonly NodeView[],
  { isDeep, met = new Set() }: { readonly isDeep: boolean; readonly met?: Set<NodeId> },
): readonly MadeCall[] {
  const byId = new Map(views.map((view) => [view.nodeId, view]));
  return views.map((view) => {
    const isNew = !met.has(view.nodeId);
    met.add(view.nodeId);
    const below = callsMadeBy(reader, view);
    const made = isDeep && isNew ? madeCalls(reader, below, { isDeep, met }) : [];
    const text = callOf(reader, view, byId);
    return {
      view,
      text,
      made,
      madeCount: below.length,
      json: { ...view, call: text, calls: made.map((one) => one.json) },
    };
  });
}

/** Returns lines for the calls that a function has made; of those below only how many they are, all with --full. */
function callLines(
  calls: readonly MadeCall[],
  { output, full, isFirst }: { readonly output: Output; readonly full: boolean; readonly isFirst: boolean },
): string[] {
  const rows = calls.flatMap((call) => madeRows(call, { output, full, indent: '' }));
  const lines = rows.length === 0 ? [] : formatColumns(rows).split('\n');
  return lines.map((line, at) => `${isFirst && at === 0 ? 'calls   ' : '        '} ${line}`);
}

function madeRows(
  { view, text, made, madeCount }: MadeCall,
  { output, full, indent }: { readonly output: Output; readonly full: boolean; readonly indent: string },
): string[][] {
  const below =
    madeCount > made.length || (madeCount > 0 && !full) ? `makes ${formatCount(madeCount, 'call')}` : '';
  const row = [
    `${indent}${output.shortId(view.nodeId)}`,
    output.safe(text),
    outcomeText(view, output),
    output.style('bold', output.safe(view.names.filter((name) => !isGiven(name, view)).join(', '))),
    below,
  ];
  const rows = full ? made.flatMap((call) => madeRows(call, { output, full, indent: `${indent}  ` })) : [];
  return [row, ...rows];
}

/** Checks whether a name is the one that a call without a name of its own gets. */
function isGiven(name: string, { nodeId }: NodeView): boolean {
  return name.endsWith(`-${nodeId.slice(0, 12)}`);
}

/** Returns the URI of a function with short ids, whole on demand. @spec DML-CLI-1702 */
function functionText(uri: string, isWhole: boolean): string {
  return isWhole ? uri : uri.replace(/[0-9a-f]{64}/g, shortId);
}

const NO_NAMES: NodeNames = new Map();

/** Returns the value of a node; undefined where it has none here. */
function knownValue(reader: RecordReader, nodeId: NodeId, scope: PinScope): DatumId | undefined {
  try {
    return storedValue(nodeId, scope, reader);
  } catch (error) {
    if (isDmlError(error) && (NO_VALUE.includes(error.code) || error.detail === 'excised')) return undefined;
    throw error;
  }
}

const NO_VALUE: readonly string[] = ['not_executed', 'call_failed', 'object_missing', 'object_withheld'];

function outcomeText(node: NodeView, output: Output): string {
  const text = statusText(node, output);
  // @spec DML-CLI-1893
  return node.outcome?.replay?.agrees === false
    ? `${text} ${output.style('red', 'not deterministic')}`
    : text;
}

function statusText({ function: uri, outcome }: NodeView, output: Output): string {
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

/**
 * Returns a line for each of the nodes: a call as its author would write it, what a literal or import is.
 * With a width the lines are cut to it, so that nodes which differ look different.
 */
function nodeTexts(
  reader: RecordReader,
  nodes: readonly NodeView[],
  { width, safe }: { readonly width: number | undefined; safe(text: string): string },
): { readonly texts: readonly string[]; readonly isCut: boolean } {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  // What a terminal shows of a value is near its beginning.
  // @spec DML-CLI-3705
  const limit = width === undefined ? Infinity : MAX_INPUT_LENGTH;
  const texts = nodes.map((node) =>
    safe(node.function === undefined ? plainText(reader, node, limit) : callOf(reader, node, byId)),
  );
  // @spec DML-CLI-0828
  const cut = width === undefined ? texts : truncateDistinct(texts, width);
  return { texts: cut, isCut: cut.some((text, at) => text !== texts[at] || text.length > limit) };
}

/** Returns a call with its inputs, literals nearly whole. @spec DML-CLI-0825 */
function callOf(reader: RecordReader, node: NodeView, byId: ReadonlyMap<string, NodeView>): string {
  const limits = { maxInput: MAX_INPUT_LENGTH, maxInputs: MAX_CALL_LENGTH };
  return callText(reader, node.nodeId, { ...limits, nameOf: (input) => callingName(byId.get(input)?.names) })
    .text;
}

function plainText(reader: RecordReader, { nodeId, datumId, imported }: NodeView, limit: number): string {
  if (imported !== undefined) return `${imported.name} of ${shortId(imported.dagId)}`;
  return datumId === undefined ? '' : valueText(reader, { nodeId, datumId }, limit);
}
