import type {
  BlobSource,
  CommitId,
  DatumId,
  ExecId,
  ExecutionKey,
  NodeId,
  TreeRoot,
} from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import type { PinScope } from '../nodes/pin-scope.ts';
import { type RecordSource, storedValue } from '../nodes/stored-value.ts';
import type { NodeNames } from '../views/dag-view.ts';
import { type FunctionSources, sourcesOfExec, sourcesOfScript } from './function-sources.ts';
import type { NodePair } from './own-differences.ts';

/** A source of records, pages and chunks. */
export interface ExplainSource extends RecordSource, BlobSource {
  /** Returns the bytes of a commit; undefined when it is not there. */
  getBytes(objectClass: 'commit', commitId: CommitId): Uint8Array | undefined;
  /** Returns the remotes on which outcomes of an execution key were found, by exec; a source may not know. */
  cacheOrigins?(key: ExecutionKey): ReadonlyMap<ExecId, string>;
}

/** One side of a comparison of calls: a commit, or a run that was only planned. */
export interface CallSide {
  /** Returns the value of a node; undefined where it has none. */
  valueOf(nodeId: NodeId): DatumId | undefined;
  /** Returns the input values of a call or builtin; undefined where one has none. */
  inputsOf(nodeId: NodeId): TreeRoot<'values'> | undefined;
  /** Returns the name that the dag gives to a node. */
  nameOf(nodeId: NodeId): string | undefined;
  /** Returns the sources of the function of a call; undefined where they were not kept. */
  sourcesOf(nodeId: NodeId): FunctionSources | undefined;
}

/** Both sides of a comparison, and where their records are read. */
export interface Comparison {
  readonly source: ExplainSource;
  readonly before: CallSide;
  readonly after: CallSide;
  /** The calls whose functions made the calls that are compared; undefined for calls of dags. */
  readonly madeBy?: MakerComparison;
}

/** Two calls whose functions made calls that are compared. */
export interface MakerComparison {
  readonly comparison: Comparison;
  readonly pair: NodePair;
}

/** Returns the side that some pins are, such as those of a commit. */
export function pinnedSide(source: ExplainSource, scope: PinScope, names: NodeNames): CallSide {
  const execIdOf = (nodeId: NodeId): ExecId | undefined => scope.getPin(nodeId);
  return {
    valueOf: (nodeId) => ifReadable(() => storedValue(nodeId, scope, source)),
    inputsOf: (nodeId) =>
      ifReadable(() => {
        const execId = execIdOf(nodeId);
        return execId && source.read('exec', execId).inputs;
      }),
    nameOf: (nodeId) => names.get(nodeId)?.find((name) => name !== 'root'),
    sourcesOf: (nodeId) =>
      ifReadable(() => sourcesOfExec(source, execIdOf(nodeId)) ?? scriptOf(source, nodeId)),
  };
}

/** Returns the side of the calls of a function, where it has nothing of a node that of the call around them. */
export function enclosedSide(inner: CallSide, outer: CallSide): CallSide {
  return {
    valueOf: (nodeId) => inner.valueOf(nodeId) ?? outer.valueOf(nodeId),
    inputsOf: (nodeId) => inner.inputsOf(nodeId) ?? outer.inputsOf(nodeId),
    nameOf: (nodeId) => inner.nameOf(nodeId) ?? outer.nameOf(nodeId),
    sourcesOf: (nodeId) => inner.sourcesOf(nodeId) ?? outer.sourcesOf(nodeId),
  };
}

/** Returns the sources of the script that a call runs; undefined for another function. */
export function scriptOf(source: ExplainSource, nodeId: NodeId): FunctionSources | undefined {
  const node = source.read('node', nodeId);
  return node.kind === 'call' ? ifReadable(() => sourcesOfScript(source, node.functionDatumId)) : undefined;
}
