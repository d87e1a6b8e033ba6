import type { DatumId } from '@daggerml/object-model';
import { formatSize } from '@daggerml/object-model';
import { functionName, type NodeView, type RecordReader, valueJson } from '@daggerml/repository';
import { cutApart } from './cut-apart.ts';
import { SHORT_ID_DIGITS } from './output.ts';

/** Characters of one input that a call shows; the row of the input itself has all of them. */
const MAX_INPUT_LENGTH = 2_000;
/** Characters of a call's inputs together; a call of a hundred thousand nodes stays a line. */
const MAX_CALL_LENGTH = 20_000;

/**
 * Yields a line for each of the nodes: a call as its author would write it, what a literal or import is.
 * With a width the lines are cut to it, so that nodes which differ look different.
 */
export function nodeTexts(
  reader: RecordReader,
  nodes: readonly NodeView[],
  { width, safe }: { readonly width: number | undefined; safe(text: string): string },
): string[] {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  // What a terminal shows of a value is near its beginning.
  // @spec DML-CLI-0829
  const limit = width === undefined ? Infinity : MAX_INPUT_LENGTH;
  const texts = nodes.map((node) =>
    safe(node.function === undefined ? plainText(reader, node, limit) : callText(reader, node, byId)),
  );
  // @spec DML-CLI-0828
  return width === undefined ? texts : cutApart(texts, width);
}

/** The name of an input where it has one, else a literal or a short id. @spec DML-CLI-0825 */
function callText(reader: RecordReader, node: NodeView, byId: ReadonlyMap<string, NodeView>): string {
  const inputs: string[] = [];
  let length = 0;
  for (const inputNodeId of node.inputNodeIds) {
    if (length > MAX_CALL_LENGTH) {
      inputs.push(`… ${node.inputNodeIds.length - inputs.length} more`);
      break;
    }
    const input = byId.get(inputNodeId);
    const [name] = input?.names ?? [];
    const text =
      name ??
      (input?.datumId && valueText(reader, input as LiteralView, MAX_INPUT_LENGTH)) ??
      short(inputNodeId);
    length += text.length;
    inputs.push(text);
  }
  return `${functionName(node.function)}(${inputs.join(', ')})`;
}

type LiteralView = NodeView & { readonly datumId: DatumId };

function plainText(reader: RecordReader, node: NodeView, limit: number): string {
  const { datumId, imported } = node;
  if (imported !== undefined) return `${imported.name} of ${short(imported.dagId)}`;
  return datumId === undefined ? '' : valueText(reader, { ...node, datumId }, limit);
}

/** A value on one line; one that is too long ends with the id of its node. */
function valueText(reader: RecordReader, { nodeId, datumId }: LiteralView, limit: number): string {
  const datum = reader.read('datum', datumId);
  // Blobs of one size are told apart by their contents.
  if (datum.kind === 'blob') return `blob of ${formatSize(datum.sizeBytes)} (${short(datum.contentSha256)})`;
  let text = '';
  for (const piece of valueJson(reader, datum)) {
    text += piece.replace(/\n\s*/g, ' ');
    if (text.length > limit) return `${text.slice(0, limit).toWellFormed()}… ${short(nodeId)}`;
  }
  return text;
}

function short(id: string): string {
  return id.slice(0, SHORT_ID_DIGITS);
}
