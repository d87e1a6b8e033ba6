import { type DagId, type DagRecord, type NodeId, treeEntries, treeGet } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';
import { couldBeName, type NamedObject } from './named-object.ts';
import type { RecordReader } from './record-reader.ts';
import { unknownName } from './unknown-name.ts';

/** How a text that may name a node is read. */
export interface NodeReading {
  /** The whole name, for a refusal. */
  readonly name: string;
  /** What stands before the name of the dag. */
  readonly prefix: string;
  dagNamed(inside: string): NamedObject | undefined;
}

/**
 * Returns the node that `<dag>#<name>` stands for, or the refusal of the dag that comes nearest; undefined where no dag
 * is named so. A name may hold the sign itself, so every place of it is tried.
 *
 * @spec DML-CLI-0606
 */
export function nodeIn(
  reader: RecordReader,
  text: string,
  { name, prefix, dagNamed }: NodeReading,
): NamedObject | Error | undefined {
  let refusal: Error | undefined;
  // @spec DML-CLI-0661
  for (const [inside, nodeName] of cutsAt('#', text)) {
    const found = dagNamed(inside);
    if (found === undefined) continue;
    if (found.class !== 'dag') {
      refusal ??= cliError('wrong_class', { name: inside, found: found.class, wanted: 'dag' });
      continue;
    }
    const dag = reader.read('dag', found.objectId as DagId);
    const nodeId = nodeName === 'root' ? dag.rootNodeId : namedNode(reader, dag.names, nodeName);
    if (nodeId !== undefined) return { class: 'node', objectId: nodeId, scopeCommitId: found.scopeCommitId };
    const known = ['root', ...Array.from(treeEntries('names', dag.names, reader), ([each]) => each)];
    refusal ??= unknownName({ name, word: nodeName, detail: 'node', inside: prefix + inside, known });
  }
  return refusal;
}

function namedNode(reader: RecordReader, names: DagRecord['names'], name: string): NodeId | undefined {
  return couldBeName(name) ? treeGet('names', names, name, reader)?.[1] : undefined;
}

/** Yields each way to cut a text in two at a sign, save at its first character. */
export function* cutsAt(sign: string, text: string): Generator<[string, string]> {
  for (let at = text.indexOf(sign, 1); at > 0; at = text.indexOf(sign, at + 1))
    yield [text.slice(0, at), text.slice(at + 1)];
}
