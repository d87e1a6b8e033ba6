import { callText, type NodeView, type RecordReader, shortId, valueText } from '@daggerml/repository';
import { truncateDistinct } from './truncate-distinct.ts';

/** Characters of one input that a call shows; the row of the input itself has all of them. */
const MAX_INPUT_LENGTH = 2_000;
/** Characters of a call's inputs together; a call of a hundred thousand nodes stays a line. */
const MAX_CALL_LENGTH = 20_000;

/**
 * Returns a line for each of the nodes: a call as its author would write it, what a literal or import is.
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
    safe(node.function === undefined ? plainText(reader, node, limit) : callOf(reader, node, byId)),
  );
  // @spec DML-CLI-0828
  return width === undefined ? texts : truncateDistinct(texts, width);
}

/** Returns a call with its inputs, literals nearly whole. @spec DML-CLI-0825 */
function callOf(reader: RecordReader, node: NodeView, byId: ReadonlyMap<string, NodeView>): string {
  const limits = { maxInput: MAX_INPUT_LENGTH, maxInputs: MAX_CALL_LENGTH };
  return callText(reader, node.nodeId, { ...limits, nameOf: (input) => byId.get(input)?.names[0] }).text;
}

function plainText(reader: RecordReader, { nodeId, datumId, imported }: NodeView, limit: number): string {
  if (imported !== undefined) return `${imported.name} of ${shortId(imported.dagId)}`;
  return datumId === undefined ? '' : valueText(reader, { nodeId, datumId }, limit);
}
