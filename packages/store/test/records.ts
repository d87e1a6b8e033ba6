import {
  type AnyRecord,
  type BlobStore,
  type ChunkId,
  type CommitId,
  type DagId,
  type DatumId,
  type Element,
  type ExecId,
  type ExecRequestId,
  encodeRecord,
  hashBytes,
  type NodeId,
  type ObjectClass,
  type ObjectId,
  type PageId,
  type PageStore,
  type TreeId,
} from '@daggerml/object-model';
import type { WriteTransaction } from '../src/write-transaction.ts';

/** Anything objects can be put into: a write transaction, or a map of a test. */
export interface ObjectSink {
  put(objectClass: ObjectClass, bytes: Uint8Array): unknown;
}

type ObjectRecord = Extract<AnyRecord, { type: ObjectClass }>;

/** Puts a record and returns its id. */
export function putRecord<Id extends ObjectId>(sink: ObjectSink, record: ObjectRecord): Id {
  const bytes = encodeRecord(record);
  sink.put(record.type, bytes);
  return hashBytes(bytes) as Id;
}

/** Pages and chunks as a transaction reads and writes them. */
export function pagesOf(transaction: WriteTransaction): BlobStore & PageStore {
  return {
    getPage: (pageId) => transaction.get('page', pageId),
    putPage: (bytes) => transaction.put('page', bytes) as PageId,
    putChunk: (bytes) => transaction.put('chunk', bytes) as ChunkId,
  };
}

/** Returns the bytes of a string. */
export function textBytes(value: string): Buffer {
  return Buffer.from(encodeRecord({ type: 'datum', kind: 'string', value }));
}

export function putText(sink: ObjectSink, value: string): DatumId {
  return putRecord(sink, { type: 'datum', kind: 'string', value });
}

/** Returns content that does not repeat. */
export function contentOf(sizeBytes: number): Buffer {
  const content = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 4) content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
  return content;
}

/** Puts a blob of these chunks, wherever the rule would cut it. */
export function putBlobOf(sink: ObjectSink, chunks: readonly Buffer[], contentSha256?: string): DatumId {
  for (const chunk of chunks) sink.put('chunk', chunk);
  const whole = Buffer.concat(chunks);
  return putRecord(sink, {
    type: 'datum',
    kind: 'blob',
    sizeBytes: whole.length,
    contentSha256: contentSha256 ?? hashBytes(whole),
    root: chunks.map((chunk) => [hashBytes<'chunk'>(chunk), chunk.length] as const),
  });
}

/** Returns so many entries of a map with one value. */
export function mapEntries(
  count: number,
  value: Element = { type: 'datum', kind: 'bool', value: true },
): (readonly [string, Element])[] {
  return Array.from({ length: count }, (_, index) => [`key ${1_000_000 + index}`, value] as const);
}

export function putLiteral(sink: ObjectSink, datumId: DatumId): NodeId {
  return putRecord(sink, { type: 'node', kind: 'literal', datumId });
}

export function putCall(sink: ObjectSink, functionUri: string, inputs: readonly NodeId[]): NodeId {
  const functionDatumId: DatumId = putRecord(sink, { type: 'datum', kind: 'uri', value: functionUri });
  return putRecord(sink, { type: 'node', kind: 'call', functionDatumId, inputs });
}

export function putDag(
  sink: ObjectSink,
  rootNodeId: NodeId,
  names: Readonly<Record<string, NodeId>> = {},
): DagId {
  return putRecord(sink, { type: 'dag', rootNodeId, names: Object.entries(names).sort(byName) });
}

/** Puts a dag of nodes that have the names n0, n1 and so on; the first is its root. */
export function putNumberedDag(sink: ObjectSink, nodeIds: readonly NodeId[]): DagId {
  return putDag(
    sink,
    nodeIds[0] as NodeId,
    Object.fromEntries(nodeIds.map((nodeId, index) => [`n${index}`, nodeId])),
  );
}

/** Puts a dag whose root is the literal `value`: a datum, a node and a dag. */
export function putTextDag(sink: ObjectSink, value: string): DagId {
  return putDag(sink, putLiteral(sink, putText(sink, value)));
}

export function putTree(sink: ObjectSink, dags: Readonly<Record<string, DagId>>): TreeId {
  return putRecord(sink, { type: 'tree', dags: Object.entries(dags).sort(byName) });
}

function byName(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return Buffer.compare(Buffer.from(left[0]), Buffer.from(right[0]));
}

export interface CommitParts {
  readonly dags?: Readonly<Record<string, DagId>>;
  readonly treeId?: TreeId;
  readonly parents?: readonly CommitId[];
  /** A page where there are too many for one. */
  readonly pins?: Readonly<Record<NodeId, ExecId>> | PageId;
  readonly requests?: Readonly<Record<NodeId, ExecRequestId>> | PageId;
  readonly author?: string;
  readonly message?: string;
  readonly authoredMs?: number;
  readonly committer?: string;
  /** Time of the commit, and of its authoring unless that is given. */
  readonly timeMs?: number;
  readonly detailsDatumId?: DatumId;
}

function rootOf<Id>(entries: Readonly<Record<NodeId, Id>> | PageId = {}): PageId | [NodeId, Id][] {
  return typeof entries === 'string' ? entries : (Object.entries(entries) as [NodeId, Id][]).sort(byName);
}

export function putCommit(sink: ObjectSink, parts: CommitParts): CommitId {
  return putRecord(sink, {
    type: 'commit',
    treeId: parts.treeId ?? putTree(sink, parts.dags ?? {}),
    parentCommitIds: parts.parents ?? [],
    pins: rootOf(parts.pins),
    requests: rootOf(parts.requests),
    author: parts.author ?? 'ada',
    authoredMs: parts.authoredMs ?? parts.timeMs ?? 1_000,
    committer: parts.committer ?? 'ada',
    committedMs: parts.timeMs ?? 1_000,
    message: parts.message ?? '',
    detailsDatumId: parts.detailsDatumId ?? null,
  });
}

/** Puts a successful exec of a call of `x:function` with one input, the text `input`. */
export function putExec(sink: ObjectSink, nodeId: NodeId, resultDagId: DagId, startedMs = 0): ExecId {
  const functionDatumId: DatumId = putRecord(sink, { type: 'datum', kind: 'uri', value: 'x:function' });
  return putRecord(sink, {
    type: 'exec',
    nodeKind: 'call',
    nodeId,
    functionDatumId,
    inputs: [putText(sink, 'input')],
    status: 'ok',
    resultDagId,
    pins: [],
    requestId: null,
    sourceExecId: null,
    startedMs,
    finishedMs: startedMs,
    receiptDatumId: null,
    detailsDatumId: null,
  });
}
