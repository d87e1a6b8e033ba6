import type {
  AnyRecord,
  BuiltinExec,
  CallExec,
  ChunkId,
  CommitId,
  CommitRecord,
  DagId,
  Datum,
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
import { sha256Hex } from '../../src/index.ts';

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

/** Builds scalars. */
export const scalar = {
  nothing: { type: 'datum', kind: 'null' } as ScalarDatum,
  bool: (value: boolean): ScalarDatum => ({ type: 'datum', kind: 'bool', value }),
  i64: (value: bigint | number): ScalarDatum => ({ type: 'datum', kind: 'i64', value: BigInt(value) }),
  f64: (value: number): ScalarDatum => ({ type: 'datum', kind: 'f64', value }),
  bytes: (...value: number[]): ScalarDatum => ({
    type: 'datum',
    kind: 'bytes',
    value: Uint8Array.from(value),
  }),
  bytesOf: (length: number): ScalarDatum => ({
    type: 'datum',
    kind: 'bytes',
    value: Uint8Array.from({ length }, (_, at) => at & 255),
  }),
  string: (value: string): ScalarDatum => ({ type: 'datum', kind: 'string', value }),
  uri: (value: string): ScalarDatum => ({ type: 'datum', kind: 'uri', value }),
};

/** Returns ids in ascending order, as keyed roles want them. */
export function ascending<Id extends string>(all: readonly Id[]): Id[] {
  return [...all].sort();
}

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

/** Returns one record of every shape, for tests that change them. */
export function sampleRecords(): readonly AnyRecord[] {
  const list: Datum = { type: 'datum', kind: 'list', root: [scalar.i64(1), scalar.f64(2), ids.datum()] };
  return [
    scalar.nothing,
    scalar.bool(true),
    scalar.i64(-5),
    scalar.i64(2n ** 62n),
    scalar.f64(0.5),
    scalar.f64(3),
    scalar.f64(Number.NaN),
    scalar.bytesOf(30),
    scalar.string('h\u00e9llo'),
    scalar.string(`\ufeff${'x'.repeat(90)}`),
    scalar.uri('https://example.com/a?b#c'),
    { type: 'datum', kind: 'uri', value: `x:${ids.datum()}`, attachmentDatumId: ids.datum() },
    list,
    { type: 'datum', kind: 'set', root: [scalar.i64(1), scalar.i64(2), scalar.string('a')] },
    {
      type: 'datum',
      kind: 'map',
      root: [
        ['a', scalar.f64(1)],
        ['b', ids.datum()],
        ['c', scalar.nothing],
      ],
    },
    { type: 'datum', kind: 'map', root: ids.page() },
    {
      type: 'datum',
      kind: 'blob',
      sizeBytes: 70_000,
      contentSha256: ids.chunk(),
      root: [[ids.chunk(), 70_000]],
    },
    { type: 'node', kind: 'literal', datumId: ids.datum() },
    { type: 'node', kind: 'call', functionDatumId: ids.datum(), inputs: [ids.node(), ids.node(1)] },
    { type: 'node', kind: 'import', dagId: ids.dag(), name: 'model' },
    { type: 'node', kind: 'builtin', functionDatumId: ids.datum(), inputs: ids.page() },
    {
      type: 'dag',
      rootNodeId: ids.node(),
      names: [
        ['a', ids.node(1)],
        ['b', ids.node(2)],
      ],
    },
    { type: 'tree', dags: [['main', ids.dag()]] },
    {
      ...plainCommit,
      parentCommitIds: [ids.commit(), ids.commit(1)],
      pins: [[ids.node(), ids.exec()]],
      requests: [[ids.node(), ids.request()]],
      detailsDatumId: ids.datum(8),
    },
    {
      ...plainCallExec,
      startedMs: 5,
      finishedMs: 6,
      pins: [[ids.node(), ids.exec()]],
      requestId: ids.request(),
    },
    { ...plainBuiltinExec, status: 'error' },
    { ...plainRequest, snapshotCommitId: ids.commit(), remoteUri: 'dml+remote://a/b', cache: false },
    { type: 'ref', name: 'heads/main', commitId: ids.commit(), sequence: 7 },
    plainTombstone,
    plainStub,
    { type: 'meta', key: 'schema', value: 1 },
    {
      type: 'page',
      role: 'map',
      level: 0,
      entries: [
        ['a', scalar.f64(1)],
        ['b', ids.datum()],
      ],
    },
    {
      type: 'page',
      role: 'names',
      level: 1,
      entries: [
        ['a', ids.page(), 5],
        ['b', ids.page(1), 6],
      ],
    },
    { type: 'page', role: 'set', level: 1, entries: [[scalar.i64(1), ids.page(), 5]] },
    {
      type: 'page',
      role: 'chunks',
      level: 0,
      entries: [
        [ids.chunk(), 20_000],
        [ids.chunk(1), 6],
      ],
    },
  ];
}
