import type {
  AnyRecord,
  BuiltinExec,
  CallExec,
  ChunkId,
  CommitId,
  CommitRecord,
  DagId,
  DatumId,
  ExecId,
  ExecRequestId,
  ExecRequestRecord,
  ExecutionKey,
  NodeId,
  PageId,
  ScalarDatum,
  StubRecord,
  TombstoneRecord,
  TreeId,
} from '../../src/index.ts';
import { decodeRecord, sha256Hex } from '../../src/index.ts';
import { bytesOfVector } from '../vector-case.ts';
import { VECTOR_CASES } from '../vector-files.ts';

const textEncoder = new TextEncoder();

function sampleId(what: string, number: number): string {
  return sha256Hex(textEncoder.encode(`sample ${what} ${number}`));
}

/** Ids that name nothing, one series per class. */
export const ids = {
  datum: (number = 0): DatumId => sampleId('datum', number) as DatumId,
  node: (number = 0): NodeId => sampleId('node', number) as NodeId,
  dag: (number = 0): DagId => sampleId('dag', number) as DagId,
  tree: (number = 0): TreeId => sampleId('tree', number) as TreeId,
  commit: (number = 0): CommitId => sampleId('commit', number) as CommitId,
  exec: (number = 0): ExecId => sampleId('exec', number) as ExecId,
  request: (number = 0): ExecRequestId => sampleId('exec-request', number) as ExecRequestId,
  page: (number = 0): PageId => sampleId('page', number) as PageId,
  chunk: (number = 0): ChunkId => sampleId('chunk', number) as ChunkId,
  key: (number = 0): ExecutionKey => sampleId('execution key', number) as ExecutionKey,
};

const bytesDatum = (value: Uint8Array): ScalarDatum => ({ type: 'datum', kind: 'bytes', value });

/** Builds scalars. */
export const scalar = {
  nothing: { type: 'datum', kind: 'null' } as ScalarDatum,
  bool: (value: boolean): ScalarDatum => ({ type: 'datum', kind: 'bool', value }),
  i64: (value: bigint | number): ScalarDatum => ({ type: 'datum', kind: 'i64', value: BigInt(value) }),
  f64: (value: number): ScalarDatum => ({ type: 'datum', kind: 'f64', value }),
  bytes: (...value: number[]): ScalarDatum => bytesDatum(Uint8Array.from(value)),
  bytesOf: (length: number): ScalarDatum => bytesDatum(Uint8Array.from({ length }, (_, at) => at & 255)),
  string: (value: string): ScalarDatum => ({ type: 'datum', kind: 'string', value }),
};

/** A commit with everything at its plainest. */
export const plainCommit: CommitRecord = {
  type: 'commit',
  treeId: ids.tree(),
  parentCommitIds: [],
  pins: [],
  requests: [],
  author: 'Ada',
  authoredMs: 1_700_000_000_000,
  committer: 'Charles',
  committedMs: 1_700_000_060_000,
  message: 'first',
  detailsDatumId: null,
};

/** The exec of a call that went well. */
export const plainCallExec: CallExec = {
  type: 'exec',
  nodeKind: 'call',
  nodeId: ids.node(),
  functionDatumId: ids.datum(3),
  inputs: [ids.datum(4), ids.datum(5)],
  status: 'ok',
  resultDagId: ids.dag(),
  pins: [],
  requestId: null,
  sourceExecId: null,
  startedMs: null,
  finishedMs: null,
  receiptDatumId: null,
  detailsDatumId: null,
};

/** The exec of a builtin that went well. */
export const plainBuiltinExec: BuiltinExec = {
  type: 'exec',
  nodeKind: 'builtin',
  nodeId: ids.node(),
  functionDatumId: ids.datum(3),
  inputs: [ids.datum(4)],
  status: 'ok',
  resultDatumId: ids.datum(),
};

/** An exec-request for local work. */
export const plainRequest: ExecRequestRecord = {
  type: 'exec-request',
  nodeId: ids.node(),
  executionKey: ids.key(),
  executionUuid: '0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b',
  cache: true,
  retryFailed: false,
  needsDatumId: null,
  snapshotCommitId: null,
  remoteUri: null,
  createdMs: 1_700_000_000_000,
  detailsDatumId: null,
};

/** A stub. */
export const plainStub: StubRecord = {
  type: 'stub',
  objectClass: 'datum',
  objectId: ids.datum(),
  domain: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
  timeMs: 1_700_000_000_000,
};

/** A tombstone. */
export const plainTombstone: TombstoneRecord = {
  type: 'tombstone',
  objectClass: 'datum',
  objectId: ids.datum(),
  reason: 'personal-data',
  message: 'asked for by its owner',
  actor: 'Ada',
  timeMs: 1_700_000_000_000,
};

/** Returns records of every shape, those of the golden vectors below 4 KiB, for tests that change them. */
export function sampleRecords(): readonly AnyRecord[] {
  return VECTOR_CASES.filter(
    ({ operation, hex }) => operation === 'record' && typeof hex === 'string' && hex.length < 8192,
  ).map(({ hex }) => decodeRecord(bytesOfVector(hex!)));
}
