import {
  type AnyRecord,
  type ChunkId,
  type CommitId,
  type DagId,
  type DatumId,
  formatRecord,
  type NodeId,
  treeCount,
} from '@daggerml/object-model';
import { formatColumns } from './columns.ts';
import { dagsOf } from './commit-view.ts';
import { functionName, type NodeView, nodeOf, nodesOf } from './dag-view.ts';
import type { NamedObject } from './object-name.ts';
import { scopeOf } from './object-value.ts';
import type { Output } from './output.ts';
import { formatCount, formatDuration, formatSize, formatTime } from './quantities.ts';
import type { RecordReader } from './record-reader.ts';
import { valueJson } from './value-json.ts';

/** What `dml show` says of an object: a JSON value and, on demand, lines for people. */
export interface ObjectView {
  readonly value: Readonly<Record<string, unknown>>;
  lines(): string[];
}

/** Lines of a value that are shown before the rest is left to `dml cat`. */
const PREVIEW_LINES = 20;
/** Characters of a literal that a dag's listing shows. */
const GLIMPSE_LENGTH = 40;
/** The same for a literal that stands as the input of a call. */
const INPUT_LENGTH = 24;
/** Inputs of a call that a dag's listing shows; further ones are counted. */
const MAX_INPUTS = 4;

/** Describes an object by its class. */
export function describeObject(reader: RecordReader, found: NamedObject, output: Output): ObjectView {
  const { class: objectClass, objectId } = found;
  const title = `${objectClass} ${output.style('yellow', objectId)}`;
  const { value, lines } = describe(reader, found, output);
  // @spec DML-CLI-0804
  return { value: { class: objectClass, objectId, ...value }, lines: () => [title, ...lines()] };
}

function describe(reader: RecordReader, found: NamedObject, output: Output): ObjectView {
  switch (found.class) {
    case 'commit':
      return commitView(reader, found.objectId as CommitId, output);
    case 'dag':
      return dagView(reader, found, output);
    case 'node':
      return nodeView(reader, nodeOf(reader, found.objectId as NodeId, scopeOf(reader, found)), output);
    case 'datum':
      return datumView(reader, found.objectId as DatumId, output);
    case 'chunk': {
      const sizeBytes = reader.store.read('chunk', found.objectId as ChunkId).length;
      return { value: { sizeBytes }, lines: () => [`size ${formatSize(sizeBytes)}`] };
    }
    case 'tree':
    case 'page':
    case 'exec':
    case 'exec-request': {
      const record = reader.read(found.class, found.objectId);
      return { value: plainFields(record), lines: () => formatRecord(record).split('\n').slice(1) };
    }
  }
}

function commitView(reader: RecordReader, commitId: CommitId, output: Output): ObjectView {
  const commit = reader.read('commit', commitId);
  const dags = dagsOf(reader, commit);
  const pinCount = treeCount('pins', commit.pins, reader);
  const { treeId, parentCommitIds, author, timeMs, message } = commit;
  return {
    value: { treeId, parentCommitIds, author, timeMs, message, dags, pinCount },
    lines: () => [
      ...parentCommitIds.map((parent) => `parent ${output.shortId(parent)}`),
      `author ${output.safe(author)}`,
      `time   ${formatTime(timeMs)}`,
      `calls  ${pinCount} with an outcome`,
      '',
      ...message.split('\n').map((line) => `    ${output.safe(line)}`),
      '',
      ...dags.map(({ name, dagId }) => `  ${output.shortId(dagId)}  ${output.safe(name)}`),
    ],
  };
}

/** @spec DML-CLI-0805 */
function dagView(reader: RecordReader, found: NamedObject, output: Output): ObjectView {
  const nodes = nodesOf(reader, found.objectId as DagId, scopeOf(reader, found));
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  return {
    value: { commitId: found.scopeCommitId ?? null, nodes },
    lines: () => [
      `${formatCount(nodes.length, 'node')}, inputs first`,
      formatColumns(
        nodes.map((node) => [
          `  ${output.shortId(node.nodeId)}`,
          node.kind,
          node.function === undefined
            ? aboutNode(reader, node, output)
            : callText(reader, node, { byId, output }),
          outcomeText(node, output),
          output.style('bold', output.safe(node.names.join(', '))),
        ]),
      ),
    ],
  };
}

function nodeView(reader: RecordReader, node: NodeView, output: Output): ObjectView {
  return {
    value: { ...node },
    lines: () => [
      `kind     ${node.kind}`,
      ...(node.function === undefined ? [] : [`function ${output.safe(node.function)}`]),
      ...(node.datumId === undefined ? [] : [`datum    ${output.shortId(node.datumId)}`]),
      ...(node.function === undefined ? [`value    ${aboutNode(reader, node, output)}`] : []),
      ...node.inputNodeIds.map((input) => inputLine(reader, input, output)),
      ...(node.outcome === undefined ? [] : [`exec     ${output.shortId(node.outcome.execId)}`]),
      ...(node.function === undefined ? [] : [`outcome  ${outcomeText(node, output)}`]),
      ...(node.outcome?.failure?.trace ?? []).map((line) => `         ${output.safe(line)}`),
    ],
  };
}

/** A call as its author would write it: the name of an input where it has one, else a literal or a short id. @spec DML-CLI-0825 */
function callText(
  reader: RecordReader,
  node: NodeView,
  { byId, output }: { byId: ReadonlyMap<NodeId, NodeView>; output: Output },
): string {
  const inputs = node.inputNodeIds.slice(0, MAX_INPUTS).map((inputNodeId) => {
    const input = byId.get(inputNodeId);
    const [name] = input?.names ?? [];
    if (name !== undefined) return output.safe(name);
    if (input?.datumId !== undefined) return output.safe(literalText(reader, input.datumId, INPUT_LENGTH));
    return output.shortId(inputNodeId);
  });
  const more = node.inputNodeIds.length - inputs.length;
  const all = [...inputs, ...(more > 0 ? [`… ${more} more`] : [])];
  return `${output.safe(functionName(node.function))}(${all.join(', ')})`;
}

function inputLine(reader: RecordReader, inputNodeId: NodeId, output: Output): string {
  const record = reader.read('node', inputNodeId);
  const about = record.kind === 'literal' ? literalText(reader, record.datumId) : record.kind;
  return `input    ${output.shortId(inputNodeId)}  ${output.style('dim', output.safe(about))}`;
}

/** What became of a call or builtin; what a literal or import is. */
function aboutNode(reader: RecordReader, node: NodeView, output: Output): string {
  const { datumId, imported } = node;
  if (imported !== undefined) return `${output.safe(imported.name)} of ${output.shortId(imported.dagId)}`;
  if (datumId === undefined) return outcomeText(node, output);
  return output.style('dim', output.safe(literalText(reader, datumId)));
}

function literalText(reader: RecordReader, datumId: DatumId, length = GLIMPSE_LENGTH): string {
  const datum = reader.read('datum', datumId);
  return datum.kind === 'blob'
    ? `blob of ${formatSize(datum.sizeBytes)}`
    : glimpse(valueJson(reader, datum), length);
}

/** The beginning of a value on one line. */
function glimpse(pieces: Iterable<string>, length: number): string {
  let text = '';
  for (const piece of pieces) {
    text += piece.replace(/\n\s*/g, ' ');
    if (text.length > length) return `${text.slice(0, length)}…`;
  }
  return text;
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

function datumView(reader: RecordReader, datumId: DatumId, output: Output): ObjectView {
  const datum = reader.read('datum', datumId);
  if (datum.kind === 'blob') {
    const { sizeBytes, contentSha256 } = datum;
    return {
      value: { kind: datum.kind, sizeBytes, sha256: contentSha256 },
      lines: () => [
        `kind   blob`,
        `size   ${formatSize(sizeBytes)} (${sizeBytes} bytes)`,
        `sha256 ${contentSha256}`,
      ],
    };
  }
  return {
    value: { kind: datum.kind, ...sizeOf(reader, datum) },
    lines: () => [`kind ${datum.kind}`, ...preview(valueJson(reader, datum), output)],
  };
}

function sizeOf(reader: RecordReader, datum: ReturnType<RecordReader['read']> & { type: 'datum' }): object {
  switch (datum.kind) {
    case 'list':
      return { count: treeCount('list', datum.root, reader) };
    case 'set':
      return { count: treeCount('set', datum.root, reader) };
    case 'map':
      return { count: treeCount('map', datum.root, reader) };
    case 'i64':
      return { value: String(datum.value) };
    case 'bytes':
      return { sizeBytes: datum.value.length };
    case 'blob':
      return { sizeBytes: datum.sizeBytes };
    case 'null':
      return { value: null };
    default:
      return { value: datum.value };
  }
}

function preview(pieces: Iterable<string>, output: Output): string[] {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.split('\n').length > PREVIEW_LINES) break;
  }
  const lines = text.split('\n');
  const shown = lines.slice(0, PREVIEW_LINES).map((line) => output.safe(line));
  return lines.length > PREVIEW_LINES
    ? [...shown, output.style('dim', '… ("dml cat" prints all of it)')]
    : shown;
}

/** Fields of a record as JSON takes them; collections beyond one page stand as the id of their top page. */
function plainFields({ type: _, ...fields }: AnyRecord): Record<string, unknown> {
  return fields;
}
