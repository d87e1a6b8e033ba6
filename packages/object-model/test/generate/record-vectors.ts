import { CODEC_DAG_CBOR, Link } from '../../src/cbor/value.ts';
import {
  type AnyRecord,
  type CallExec,
  type DatumId,
  type NodeId,
  type PageRecord,
  sha256Hex,
  utf8Bytes,
} from '../../src/index.ts';
import { recordToJson } from '../../src/json/index.ts';
import { encodeByCborg } from '../oracles.ts';
import { hexOfBytes } from '../vector-case.ts';
import {
  ascending,
  ids,
  plainBuiltinExec,
  plainCallExec,
  plainCommit,
  plainRequest,
  plainStub,
  plainTombstone,
  scalar,
} from './samples.ts';
import { type Draft, errorOf, record, refused } from './vector-file.ts';

const link = (id: string): string => `d82a58250001711220${id}`;
const rawLink = (id: string): string => `d82a58250001551220${id}`;

export function nodeVectors(): Draft[] {
  const functionDatumId = ids.datum(1);
  const inputs = (count: number): NodeId[] => Array.from({ length: count }, (_, at) => ids.node(at));
  const node = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'node');
  return [
    record('literal', 'DML-OBJ-1203', { type: 'node', kind: 'literal', datumId: ids.datum() }),
    ...[0, 1, 2, 3, 23, 24, 30].map((count) =>
      record(`call of ${count} inputs`, 'DML-OBJ-1204', {
        type: 'node',
        kind: 'call',
        functionDatumId,
        inputs: inputs(count),
      }),
    ),
    record('call with an input twice', 'DML-OBJ-1204', {
      type: 'node',
      kind: 'call',
      functionDatumId,
      inputs: [ids.node(), ids.node()],
    }),
    record('call with inputs in pages', 'DML-OBJ-1909', {
      type: 'node',
      kind: 'call',
      functionDatumId,
      inputs: ids.page(),
    }),
    record('builtin', 'DML-OBJ-1204', { type: 'node', kind: 'builtin', functionDatumId, inputs: inputs(2) }),
    record('import of the root', 'DML-OBJ-1205', {
      type: 'node',
      kind: 'import',
      dagId: ids.dag(),
      name: 'root',
    }),
    record('import of a name', 'DML-OBJ-1205', {
      type: 'node',
      kind: 'import',
      dagId: ids.dag(),
      name: 'mod\u00e8le',
    }),
    refused('node kind 0', 'DML-OBJ-1202', '84010300f6', node('node_kind')),
    refused('node kind 5', 'DML-OBJ-0234', '84010305f6', node('newer_kind')),
    refused('node kind 5 with a map', 'DML-OBJ-0235', '84010305a0', node('newer_kind')),
    refused('node kind -1', 'DML-OBJ-1202', '84010320f6', node('node_kind')),
    refused('node kind is a text', 'DML-OBJ-0226', '84010361' + '61f6', node('field_type')),
    refused('literal with inputs', 'DML-OBJ-0208', `85010301${link(ids.datum())}80`, node('field_count')),
    refused('call without inputs field', 'DML-OBJ-0208', `84010302${link(ids.datum())}`, node('field_count')),
    refused(
      'call with an input that is a text',
      'DML-OBJ-0226',
      `85010302${link(ids.datum())}816161`,
      node('field_type'),
    ),
    refused(
      'call with an input that is a chunk',
      'DML-OBJ-0304',
      `85010302${link(ids.datum())}81${rawLink(ids.chunk())}`,
      node('link_codec'),
    ),
    refused('import without a name', 'DML-OBJ-0208', `84010303${link(ids.dag())}`, node('field_count')),
    refused('import of the empty name', 'DML-OBJ-0507', `85010303${link(ids.dag())}60`, node('name_length')),
    refused('import of dots', 'DML-OBJ-0509', `85010303${link(ids.dag())}622e2e`, node('name_reserved')),
    refused('import of a control', 'DML-OBJ-0508', `85010303${link(ids.dag())}610a`, node('name_control')),
  ];
}

export function dagVectors(): Draft[] {
  const dag = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'dag');
  const start = `840104${link(ids.node())}`;
  const entry = (name: string): string => `8261${name}${link(ids.node(1))}`;
  return [
    record('dag without names', 'DML-OBJ-1301', { type: 'dag', rootNodeId: ids.node(), names: [] }),
    record('dag with names', 'DML-OBJ-1301', {
      type: 'dag',
      rootNodeId: ids.node(),
      names: [
        ['a', ids.node(1)],
        ['b', ids.node(2)],
        ['same', ids.node(1)],
        ['\u00e9', ids.node()],
      ],
    }),
    record('dag with names in pages', 'DML-OBJ-1909', {
      type: 'dag',
      rootNodeId: ids.node(),
      names: ids.page(),
    }),
    record('dag with a name of 255 bytes', 'DML-OBJ-0507', {
      type: 'dag',
      rootNodeId: ids.node(),
      names: [['n'.repeat(255), ids.node()]],
    }),
    record('tree without dags', 'DML-OBJ-1302', { type: 'tree', dags: [] }),
    record('tree', 'DML-OBJ-1302', {
      type: 'tree',
      dags: [
        ['eval', ids.dag()],
        ['root', ids.dag(2)],
        ['train', ids.dag(1)],
      ],
    }),
    record('tree in pages', 'DML-OBJ-1909', { type: 'tree', dags: ids.page() }),
    refused(
      'dag with the name root',
      'DML-OBJ-1304',
      `${start}818264726f6f74${link(ids.node())}`,
      dag('root_name_reserved'),
    ),
    refused(
      'dag with a name twice',
      'DML-OBJ-1905',
      `${start}82${entry('61')}${entry('61')}`,
      dag('entry_order'),
    ),
    refused(
      'dag with names out of order',
      'DML-OBJ-1905',
      `${start}82${entry('62')}${entry('61')}`,
      dag('entry_order'),
    ),
    refused('dag without names field', 'DML-OBJ-0208', `830104${link(ids.node())}`, dag('field_count')),
    refused('dag whose root is null', 'DML-OBJ-0226', '840104f680', dag('field_type')),
    refused(
      'dag with a long name',
      'DML-OBJ-0507',
      [`${start}8182790100`, { repeat: '61', count: 256 }, link(ids.node())],
      dag('name_length'),
    ),
    refused('tree with a null dag', 'DML-OBJ-0226', '8301058182616' + '1f6', errorOf('field_type', 'tree')),
    refused(
      'tree with a name not in NFC',
      'DML-OBJ-0503',
      `83010581826365cc81${link(ids.dag())}`,
      errorOf('text_not_nfc', 'tree'),
    ),
  ];
}

export function commitVectors(): Draft[] {
  const commit = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'commit');
  const nodes = ascending([ids.node(1), ids.node(2), ids.node(3)]);
  const parents = (count: number): string =>
    `${(0x80 + count).toString(16)}${Array.from({ length: count }, (_, at) => link(ids.commit(at))).join('')}`;
  const bytes = (parts: {
    parents?: string;
    pins?: string;
    author?: string;
    committer?: string;
    message?: string;
    time?: string;
    details?: string;
  }): string =>
    [
      `8c0106${link(ids.tree())}${parts.parents ?? '80'}${parts.pins ?? '80'}80`,
      `${parts.author ?? '6161'}${parts.time ?? '01'}${parts.committer ?? '6163'}02`,
      `${parts.message ?? '616d'}${parts.details ?? 'f6'}`,
    ].join('');
  return [
    record('first commit', 'DML-OBJ-1401', plainCommit),
    record('commit with a parent', 'DML-OBJ-1401', { ...plainCommit, parentCommitIds: [ids.commit()] }),
    record('commit with 16 parents', 'DML-OBJ-1403', {
      ...plainCommit,
      parentCommitIds: Array.from({ length: 16 }, (_, at) => ids.commit(at)),
    }),
    record('commit with pins and requests', 'DML-OBJ-1401', {
      ...plainCommit,
      pins: nodes.map((nodeId, at) => [nodeId, ids.exec(at)] as const),
      requests: [[nodes[0]!, ids.request()]],
    }),
    record('commit with pins in pages', 'DML-OBJ-1909', {
      ...plainCommit,
      pins: ids.page(),
      requests: ids.page(1),
    }),
    record('commit without words', 'DML-OBJ-1405', {
      ...plainCommit,
      author: '',
      committer: '',
      message: '',
      authoredMs: 0,
      committedMs: 0,
    }),
    record('commit with the longest author', 'DML-OBJ-1405', { ...plainCommit, author: 'a'.repeat(255) }),
    record('commit with the longest committer', 'DML-OBJ-1405', {
      ...plainCommit,
      committer: '\u00e9'.repeat(127),
    }),
    record('commit at the last time', 'DML-OBJ-0702', {
      ...plainCommit,
      authoredMs: Number.MAX_SAFE_INTEGER,
      committedMs: Number.MAX_SAFE_INTEGER,
    }),
    record('commit made before its content', 'DML-OBJ-1407', { ...plainCommit, committedMs: 5 }),
    record('commit with details', 'DML-OBJ-0901', { ...plainCommit, detailsDatumId: ids.datum(8) }),
    record('commit with an author and a message as given', 'DML-OBJ-0520', {
      ...plainCommit,
      author: 'Zoe\u0308',
      message: 'e\u0301',
    }),
    refused(
      'commit with 17 parents',
      'DML-OBJ-1403',
      bytes({ parents: parents(17) }),
      commit('parent_count'),
    ),
    refused(
      'commit with a parent twice',
      'DML-OBJ-1404',
      bytes({ parents: `82${link(ids.commit())}${link(ids.commit())}` }),
      commit('parents_repeat'),
    ),
    refused(
      'commit with an author of 256 bytes',
      'DML-OBJ-1405',
      bytes({ author: `790100${'61'.repeat(256)}` }),
      commit('text_length'),
    ),
    refused(
      'commit with a committer of 256 bytes',
      'DML-OBJ-1405',
      bytes({ committer: `790100${'61'.repeat(256)}` }),
      commit('text_length'),
    ),
    refused(
      'commit with details that are no link',
      'DML-OBJ-0226',
      bytes({ details: '80' }),
      commit('field_type'),
    ),
    refused(
      'commit with details that are a chunk',
      'DML-OBJ-0304',
      bytes({ details: rawLink(ids.chunk()) }),
      commit('link_codec'),
    ),
    refused(
      'commit with a long message',
      'DML-OBJ-1406',
      [`8c0106${link(ids.tree())}8080806161016163027a00010001`, { repeat: '61', count: 65_537 }, 'f6'],
      commit('text_length'),
    ),
    refused('commit before 1970', 'DML-OBJ-0702', bytes({ time: '20' }), commit('integer_range')),
    refused(
      'commit at a time of 2^53',
      'DML-OBJ-0702',
      bytes({ time: '1b0020000000000000' }),
      commit('integer_range'),
    ),
    refused(
      'commit at a time that is a float',
      'DML-OBJ-0701',
      bytes({ time: 'fb3ff0000000000000' }),
      commit('field_type'),
    ),
    refused(
      'commit with an author that is bytes',
      'DML-OBJ-0226',
      bytes({ author: '4161' }),
      commit('field_type'),
    ),
    refused(
      'commit with a node pinned twice',
      'DML-OBJ-1905',
      bytes({ pins: `82${`82${link(ids.node())}${link(ids.exec())}`.repeat(2)}` }),
      commit('entry_order'),
    ),
    refused(
      'commit with pins out of order',
      'DML-OBJ-1905',
      bytes({
        pins: `82${[...nodes.slice(0, 2)]
          .reverse()
          .map((node) => `82${link(node)}${link(ids.exec())}`)
          .join('')}`,
      }),
      commit('entry_order'),
    ),
    refused(
      'commit with a parent that is null',
      'DML-OBJ-0226',
      bytes({ parents: '81f6' }),
      commit('field_type'),
    ),
    refused(
      'commit with too many fields',
      'DML-OBJ-0208',
      `8d${bytes({}).slice(2)}00`,
      commit('field_count'),
    ),
    refused(
      'commit without details',
      'DML-OBJ-0208',
      `8b${bytes({ details: '' }).slice(2)}`,
      commit('field_count'),
    ),
  ];
}

export function execVectors(): Draft[] {
  const exec = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'exec');
  const bytes = (parts: {
    kind?: string;
    called?: string;
    inputs?: string;
    status?: string;
    result?: string;
    rest?: string;
  }): string =>
    [
      `8f0109${link(ids.node())}${parts.kind ?? '02'}${parts.status ?? '01'}`,
      `${parts.called ?? link(ids.datum())}${parts.inputs ?? `81${link(ids.datum(1))}`}`,
      `${parts.result ?? link(ids.dag())}${parts.rest ?? '80f6f6f6f6f6f6'}`,
    ].join('');
  return [
    record('exec of a call', 'DML-OBJ-1501', plainCallExec),
    record('exec of a call that failed', 'DML-OBJ-1504', { ...plainCallExec, status: 'error' }),
    record('exec of a call with everything', 'DML-OBJ-1501', {
      ...plainCallExec,
      pins: [[ids.node(5), ids.exec(5)]],
      requestId: ids.request(),
      startedMs: 1_700_000_000_000,
      finishedMs: 1_700_000_000_500,
      receiptDatumId: ids.datum(9),
      detailsDatumId: ids.datum(8),
    }),
    record('exec of a call taken from another', 'DML-OBJ-1513', {
      ...plainCallExec,
      sourceExecId: ids.exec(1),
      detailsDatumId: ids.datum(8),
    }),
    record('exec that took no time', 'DML-OBJ-1509', { ...plainCallExec, startedMs: 5, finishedMs: 5 }),
    record('exec with a request that never ran', 'DML-OBJ-1509', {
      ...plainCallExec,
      requestId: ids.request(),
    }),
    ...[0, 1, 23, 24, 40].map((count) =>
      record(`exec of ${count} inputs`, 'DML-OBJ-1512', {
        ...plainCallExec,
        inputs: Array.from({ length: count }, (_, at) => ids.datum(at)),
      }),
    ),
    record('exec with an input twice', 'DML-OBJ-1512', {
      ...plainCallExec,
      inputs: [ids.datum(), ids.datum()],
    }),
    record('exec with inputs in pages', 'DML-OBJ-1909', { ...plainCallExec, inputs: ids.page() }),
    record('exec with pins in pages', 'DML-OBJ-1909', { ...plainCallExec, pins: ids.page() }),
    executionKeyVector('key without inputs', []),
    executionKeyVector('key of two inputs', [ids.datum(1), ids.datum(2)]),
    executionKeyVector('key of two inputs in the other order', [ids.datum(2), ids.datum(1)]),
    executionKeyVector(
      'key of 30 inputs',
      Array.from({ length: 30 }, (_, at) => ids.datum(at)),
    ),
    executionKeyVector('key of inputs in pages', ids.page()),
    record('exec of a builtin', 'DML-OBJ-1505', plainBuiltinExec),
    record('exec of a builtin that failed', 'DML-OBJ-1505', { ...plainBuiltinExec, status: 'error' }),
    refused('exec of a literal', 'DML-OBJ-1502', bytes({ kind: '01' }), exec('exec_node_kind')),
    refused('exec of an import', 'DML-OBJ-1502', bytes({ kind: '03' }), exec('exec_node_kind')),
    refused('exec with status 0', 'DML-OBJ-1503', bytes({ status: '00' }), exec('exec_status')),
    refused('exec with status 3', 'DML-OBJ-0234', bytes({ status: '03' }), exec('newer_kind')),
    refused('exec with status -1', 'DML-OBJ-1503', bytes({ status: '20' }), exec('exec_status')),
    refused('exec with a status that is a bool', 'DML-OBJ-0226', bytes({ status: 'f5' }), exec('field_type')),
    refused('exec of a later node kind', 'DML-OBJ-0234', bytes({ kind: '05' }), exec('newer_kind')),
    refused(
      'exec with a function that is a text',
      'DML-OBJ-0226',
      bytes({ called: '6161' }),
      exec('field_type'),
    ),
    refused('exec with inputs that are null', 'DML-OBJ-0226', bytes({ inputs: 'f6' }), exec('field_type')),
    refused('exec with an input in place', 'DML-OBJ-0226', bytes({ inputs: '81820301' }), exec('field_type')),
    refused(
      'exec with an input that is a chunk',
      'DML-OBJ-0304',
      bytes({ inputs: `81${rawLink(ids.chunk())}` }),
      exec('link_codec'),
    ),
    refused('exec without a result', 'DML-OBJ-0226', bytes({ result: 'f6' }), exec('field_type')),
    refused(
      'exec that finished before it started',
      'DML-OBJ-1509',
      bytes({ rest: '80f6f60504f6f6' }),
      exec('exec_times'),
    ),
    refused(
      'exec that finished without a start',
      'DML-OBJ-1509',
      bytes({ rest: '80f6f6f604f6f6' }),
      exec('exec_times'),
    ),
    refused(
      'exec that started without a finish',
      'DML-OBJ-1509',
      bytes({ rest: '80f6f604f6f6f6' }),
      exec('exec_times'),
    ),
    ...(
      [
        ['times', `80f6${link(ids.exec())}0405f6f6`],
        ['a request', `80${link(ids.request())}${link(ids.exec())}f6f6f6f6`],
        ['a receipt', `80f6${link(ids.exec())}f6f6${link(ids.datum())}f6`],
      ] as const
    ).map(([what, rest]) =>
      refused(`exec with a source and ${what}`, 'DML-OBJ-1513', bytes({ rest }), exec('exec_source_fields')),
    ),
    refused(
      'exec of a builtin with pins',
      'DML-OBJ-1507',
      bytes({ kind: '04', rest: `8182${link(ids.node())}${link(ids.exec())}f6f6f6f6f6f6` }),
      exec('exec_builtin_fields'),
    ),
    refused(
      'exec of a builtin with pins in pages',
      'DML-OBJ-1507',
      bytes({ kind: '04', rest: `${link(ids.page())}f6f6f6f6f6f6` }),
      exec('exec_builtin_fields'),
    ),
    refused(
      'exec of a builtin with a time',
      'DML-OBJ-1507',
      bytes({ kind: '04', rest: '80f6f60505f6f6' }),
      exec('exec_builtin_fields'),
    ),
    refused(
      'exec of a builtin with a request',
      'DML-OBJ-1507',
      bytes({ kind: '04', rest: `80${link(ids.request())}f6f6f6f6f6` }),
      exec('exec_builtin_fields'),
    ),
    refused(
      'exec of a builtin with details',
      'DML-OBJ-1507',
      bytes({ kind: '04', rest: `80f6f6f6f6f6${link(ids.datum())}` }),
      exec('exec_builtin_fields'),
    ),
    refused(
      'exec with too few fields',
      'DML-OBJ-0208',
      `8e${bytes({ rest: '80f6f6f6f6f6' }).slice(2)}`,
      exec('field_count'),
    ),
  ];
}

function executionKeyVector(name: string, inputs: CallExec['inputs']): Draft {
  const functionDatumId = ids.datum();
  const json = recordToJson({ ...plainCallExec, inputs }) as { readonly inputs: unknown };
  return {
    name,
    requirement: 'DML-OBJ-1511',
    operation: 'executionKey',
    function: functionDatumId,
    inputs: json.inputs,
    key: keyByCborg(functionDatumId, inputs),
  };
}

/** Works an execution key out by another encoder than the product's. */
function keyByCborg(functionDatumId: DatumId, inputs: CallExec['inputs']): string {
  const toLink = (id: string): Link => new Link(CODEC_DAG_CBOR, id);
  const root = typeof inputs === 'string' ? toLink(inputs) : inputs.map(toLink);
  return sha256Hex(encodeByCborg(['dml-execution-key', 1, toLink(functionDatumId), root]));
}

export function requestVectors(): Draft[] {
  const request = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'exec-request');
  const bytes = (parts: {
    key?: string;
    uuid?: string;
    options?: string;
    needs?: string;
    remote?: string;
  }): string =>
    [
      `8c010a${link(ids.node())}${parts.key ?? `5820${ids.key()}`}`,
      `${parts.uuid ?? `50${'11'.repeat(16)}`}${parts.options ?? 'f5f4'}`,
      `${parts.needs ?? 'f6'}f6${parts.remote ?? 'f6'}05f6`,
    ].join('');
  const remote = (name: string, uri: string): Draft =>
    refused(
      `request with a remote ${name}`,
      'DML-OBJ-1602',
      bytes({ remote: `78${uri.length.toString(16).padStart(2, '0')}${hexOfBytes(utf8Bytes(uri))}` }),
      request('remote_uri_form'),
    );
  return [
    record('request for local work', 'DML-OBJ-1601', plainRequest),
    record('request with a snapshot', 'DML-OBJ-1601', {
      ...plainRequest,
      snapshotCommitId: ids.commit(),
      remoteUri: 'dml+remote://file/data/remote?x=1',
    }),
    record('request with a remote of 2,048 characters', 'DML-OBJ-1602', {
      ...plainRequest,
      remoteUri: `dml+remote://file/${'a'.repeat(2_030)}`,
    }),
    record('request with the root of a remote and parameters', 'DML-OBJ-1602', {
      ...plainRequest,
      remoteUri: 'dml+remote://s3/?endpoint=http%3A%2F%2F127.0.0.1&keyboard=a&region=eu',
    }),
    record('request with needs and options', 'DML-OBJ-1601', {
      ...plainRequest,
      cache: false,
      retryFailed: true,
      needsDatumId: ids.datum(7),
      detailsDatumId: ids.datum(8),
    }),
    record('request with the nil UUID', 'DML-OBJ-1603', {
      ...plainRequest,
      executionUuid: '00000000-0000-0000-0000-000000000000',
    }),
    refused(
      'request with a short UUID',
      'DML-OBJ-0404',
      bytes({ uuid: `4f${'11'.repeat(15)}` }),
      request('id_length'),
    ),
    refused(
      'request with a UUID that is a text',
      'DML-OBJ-0226',
      bytes({ uuid: '6131' }),
      request('field_type'),
    ),
    refused(
      'request with a key of 31 bytes',
      'DML-OBJ-1605',
      bytes({ key: `581f${'00'.repeat(31)}` }),
      request('id_length'),
    ),
    refused(
      'request with a key that is a link',
      'DML-OBJ-0226',
      bytes({ key: link(ids.datum()) }),
      request('field_type'),
    ),
    refused(
      'request with an option that is a number',
      'DML-OBJ-0226',
      bytes({ options: '01f4' }),
      request('field_type'),
    ),
    refused('request with needs in place', 'DML-OBJ-0226', bytes({ needs: '80' }), request('field_type')),
    remote('of another scheme', 'https://example.com/a/b/c/d/e/f'),
    remote('with a user', 'dml+remote://user@file/data/remote'),
    remote('with a password', 'dml+remote://user:pass@file/data/remote'),
    remote('with a port', 'dml+remote://file:8080/data/remote'),
    remote('with a fragment', 'dml+remote://file/data/remote#part'),
    remote('without a host', 'dml+remote:/data/remote/of/a/team'),
    remote('with an empty host', 'dml+remote:///data/remote/of/a/team'),
    remote('with an address as host', 'dml+remote://[2001:db8::1]/data/remote'),
    remote('with a future address as host', 'dml+remote://[v1.a]/data/remote'),
    remote('without a path', 'dml+remote://an-adapter-of-a-team'),
    remote('with an adapter of two names', 'dml+remote://file.example/data'),
    remote('with an empty segment', 'dml+remote://file/data//remote'),
    remote('with a segment that is encoded otherwise', 'dml+remote://file/data:remote'),
    remote('with an empty query', 'dml+remote://file/data/remote?'),
    remote('with parameters out of order', 'dml+remote://file/data/remote?b=1&a=2'),
    remote('with a parameter that repeats', 'dml+remote://file/data/remote?a=1&a=2'),
    remote('with a parameter without a value', 'dml+remote://file/data/remote?a'),
    remote('with a token', 'dml+remote://s3/bucket?X-Amz-Security-Token=a'),
    remote('with a key', 'dml+remote://s3/bucket/of/team?key=a'),
    refused(
      'request with a remote of 2,049 characters',
      'DML-OBJ-1602',
      bytes({ remote: `790801${hexOfBytes(utf8Bytes(`dml+remote://file/${'a'.repeat(2_031)}`))}` }),
      request('remote_uri_form'),
    ),
    refused(
      'request with a remote in another form',
      'DML-OBJ-1602',
      bytes({ remote: '63583a61' }),
      request('uri_not_canonical'),
    ),
    refused(
      'request with a remote that is no URI',
      'DML-OBJ-0601',
      bytes({ remote: '6161' }),
      request('uri_syntax'),
    ),
    {
      name: 'request with a UUID in capitals',
      requirement: 'DML-OBJ-1603',
      operation: 'encode',
      value: {
        type: 'exec-request',
        ...(recordToJson(plainRequest) as object),
        executionUuid: '0190A1B2-C3D4-7E5F-8A6B-7C8D9E0F1A2B',
      },
      error: request('uuid_form'),
    },
  ];
}

export function mutableVectors(): Draft[] {
  const tombstone = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'tombstone');
  const stone = (parts: { class?: string; id?: string; reason?: string; actor?: string }): string =>
    `880108${parts.class ?? '02'}${parts.id ?? `5820${ids.datum()}`}${parts.reason ?? '6161'}60${parts.actor ?? '60'}05`;
  const stub = (parts: { class?: string; id?: string; domain?: string }): string =>
    `86010d${parts.class ?? '02'}${parts.id ?? `5820${ids.datum()}`}${parts.domain ?? '63783a61'}05`;
  const ref = (name: string): string => `850107${name}${link(ids.commit())}01`;
  return [
    record('ref', 'DML-OBJ-1701', { type: 'ref', name: 'heads/main', commitId: ids.commit(), sequence: 0 }),
    record('ref with an encoded name', 'DML-OBJ-1702', {
      type: 'ref',
      name: 'remotes/origin/a%2Fb%C3%A9',
      commitId: ids.commit(),
      sequence: 2 ** 40,
    }),
    refused('ref with an empty segment', 'DML-OBJ-1702', ref('63612f2f'), errorOf('ref_name_form', 'ref')),
    refused('ref with a name outside ASCII', 'DML-OBJ-1702', ref('62c3a9'), errorOf('ref_name_form', 'ref')),
    refused('ref with a name that is bytes', 'DML-OBJ-0226', ref('4161'), errorOf('field_type', 'ref')),
    refused(
      'ref with a negative sequence',
      'DML-OBJ-0702',
      `8501076161${link(ids.commit())}20`,
      errorOf('integer_range', 'ref'),
    ),
    record('meta with a number', 'DML-OBJ-1703', { type: 'meta', key: 'schema', value: 1 }),
    record('meta with a text', 'DML-OBJ-1703', { type: 'meta', key: 'created_by', value: 'daggerml 0.1.0' }),
    refused('meta with null', 'DML-OBJ-1703', '8401016161f6', errorOf('field_type', 'meta')),
    refused('meta with an empty key', 'DML-OBJ-1703', '8401016001', errorOf('name_length', 'meta')),
    refused('meta with a negative number', 'DML-OBJ-0702', '840101616120', errorOf('integer_range', 'meta')),
    record('tombstone', 'DML-OBJ-1801', plainTombstone),
    ...(['node', 'dag', 'tree', 'commit', 'exec', 'exec-request', 'page', 'chunk'] as const).map(
      (objectClass) =>
        record(`tombstone of a ${objectClass}`, 'DML-OBJ-1802', { ...plainTombstone, objectClass }),
    ),
    refused('tombstone of class ref', 'DML-OBJ-1802', stone({ class: '07' }), tombstone('object_class')),
    refused('tombstone of class 13', 'DML-OBJ-1802', stone({ class: '0d' }), tombstone('object_class')),
    refused('tombstone of class 14', 'DML-OBJ-0234', stone({ class: '0e' }), tombstone('newer_kind')),
    refused(
      'tombstone with a link',
      'DML-OBJ-1803',
      stone({ id: link(ids.datum()) }),
      tombstone('field_type'),
    ),
    refused(
      'tombstone with a short id',
      'DML-OBJ-0404',
      stone({ id: `581f${'00'.repeat(31)}` }),
      tombstone('id_length'),
    ),
    refused('tombstone without a reason', 'DML-OBJ-1804', stone({ reason: '60' }), tombstone('name_length')),
    refused(
      'tombstone with a long actor',
      'DML-OBJ-1804',
      stone({ actor: `790100${'61'.repeat(256)}` }),
      tombstone('text_length'),
    ),
    ...(['datum', 'node', 'dag', 'tree', 'commit', 'exec', 'exec-request', 'page'] as const).map((expected) =>
      refused(`tombstone read as a ${expected}`, 'DML-OBJ-1806', stone({}), tombstone('excised'), expected),
    ),
    refused(
      'tombstone without fields read as a datum',
      'DML-OBJ-1806',
      '830108a0',
      tombstone('excised'),
      'datum',
    ),
    refused(
      'tombstone with a message of 65,537 bytes',
      'DML-OBJ-1804',
      [`8801080258${20}${ids.datum()}61617a00010001`, { repeat: '61', count: 65_537 }, '6005'],
      tombstone('text_length'),
    ),
    record('stub', 'DML-OBJ-1811', plainStub),
    record('stub of a chunk', 'DML-OBJ-1802', { ...plainStub, objectClass: 'chunk', timeMs: 0 }),
    record('stub with the longest domain', 'DML-OBJ-1812', {
      ...plainStub,
      domain: `x:${'a'.repeat(253)}`,
    }),
    refused('stub of class ref', 'DML-OBJ-1802', stub({ class: '07' }), errorOf('object_class', 'stub')),
    refused(
      'stub with a link',
      'DML-OBJ-1803',
      stub({ id: link(ids.datum()) }),
      errorOf('field_type', 'stub'),
    ),
    refused(
      'stub with a long domain',
      'DML-OBJ-1812',
      stub({ domain: `790100783a${'61'.repeat(254)}` }),
      errorOf('text_length', 'stub'),
    ),
    refused(
      'stub with a domain that is no URI',
      'DML-OBJ-0601',
      stub({ domain: '6161' }),
      errorOf('uri_syntax', 'stub'),
    ),
    refused(
      'stub without a time',
      'DML-OBJ-0208',
      `85${stub({}).slice(2, -2)}`,
      errorOf('field_count', 'stub'),
    ),
    ...(['datum', 'commit', 'exec'] as const).map((expected) =>
      refused(`stub read as a ${expected}`, 'DML-OBJ-1813', stub({}), errorOf('withheld', 'stub'), expected),
    ),
    refused('tombstone for a stub', 'DML-OBJ-0207', stone({}), errorOf('excised', 'tombstone'), 'stub'),
    refused('stub for a tombstone', 'DML-OBJ-0207', stub({}), errorOf('withheld', 'stub'), 'tombstone'),
  ];
}

export function pageVectors(): Draft[] {
  const page = (detail: Parameters<typeof errorOf>[0]) => errorOf(detail, 'page');
  const nodes = ascending([ids.node(1), ids.node(2), ids.node(3), ids.node(4)]);
  const children = [ids.page(1), ids.page(2)] as const;
  const keyed = <Key>(
    keys: readonly [Key, Key],
  ): readonly (readonly [Key, (typeof children)[number], number])[] => [
    [keys[0], children[0], 40],
    [keys[1], children[1], 2],
  ];
  const pages: readonly PageRecord[] = [
    {
      type: 'page',
      role: 'list',
      level: 0,
      entries: [scalar.i64(1), scalar.f64(1), ids.datum(), scalar.nothing],
    },
    {
      type: 'page',
      role: 'set',
      level: 0,
      entries: [scalar.i64(1), scalar.i64(2), scalar.string('a'), ids.datum()],
    },
    {
      type: 'page',
      role: 'map',
      level: 0,
      entries: [
        ['a', scalar.i64(1)],
        ['b', ids.datum()],
      ],
    },
    {
      type: 'page',
      role: 'names',
      level: 0,
      entries: [
        ['a', ids.node(1)],
        ['b', ids.node(2)],
      ],
    },
    {
      type: 'page',
      role: 'dags',
      level: 0,
      entries: [
        ['a', ids.dag(1)],
        ['root', ids.dag(2)],
      ],
    },
    { type: 'page', role: 'pins', level: 0, entries: nodes.map((node, at) => [node, ids.exec(at)] as const) },
    {
      type: 'page',
      role: 'requests',
      level: 0,
      entries: nodes.map((node, at) => [node, ids.request(at)] as const),
    },
    { type: 'page', role: 'inputs', level: 0, entries: [ids.node(2), ids.node(1), ids.node(2)] },
    { type: 'page', role: 'values', level: 0, entries: [ids.datum(2), ids.datum(1), ids.datum(2)] },
    {
      type: 'page',
      role: 'values',
      level: 1,
      entries: [
        [children[0], 300],
        [children[1], 20],
      ],
    },
    {
      type: 'page',
      role: 'chunks',
      level: 0,
      entries: [
        [ids.chunk(1), 65_536],
        [ids.chunk(1), 65_536],
        [ids.chunk(2), 1],
      ],
    },
    {
      type: 'page',
      role: 'list',
      level: 1,
      entries: [
        [children[0], 100],
        [children[1], 3],
      ],
    },
    { type: 'page', role: 'set', level: 1, entries: keyed([scalar.i64(9), scalar.string('z')]) },
    { type: 'page', role: 'set', level: 2, entries: [[ids.datum(), children[0], 2 ** 33]] },
    { type: 'page', role: 'map', level: 1, entries: keyed(['k', 'z']) },
    { type: 'page', role: 'names', level: 1, entries: keyed(['k', 'z']) },
    { type: 'page', role: 'dags', level: 1, entries: keyed(['k', 'z']) },
    { type: 'page', role: 'pins', level: 1, entries: keyed([nodes[1]!, nodes[3]!]) },
    { type: 'page', role: 'requests', level: 1, entries: keyed([nodes[1]!, nodes[3]!]) },
    {
      type: 'page',
      role: 'inputs',
      level: 1,
      entries: [
        [children[0], 300],
        [children[1], 20],
      ],
    },
    {
      type: 'page',
      role: 'chunks',
      level: 1,
      entries: [
        [children[0], 2 ** 40],
        [children[1], 65_536],
      ],
    },
    { type: 'page', role: 'list', level: 15, entries: [[children[0], 5]] },
  ];
  const list = (entries: string): string => `85010b0100${entries}`;
  const raw = (
    name: string,
    requirement: string,
    hex: Parameters<typeof refused>[2],
    detail: Parameters<typeof errorOf>[0],
  ): Draft => refused(name, requirement, hex, page(detail));
  return [
    ...pages.map((each) =>
      record(`${each.role} page of level ${each.level}`, 'DML-OBJ-1904', each as AnyRecord),
    ),
    raw('page of role 0', 'DML-OBJ-1902', '85010b0000818101', 'page_role'),
    raw('page of role 11', 'DML-OBJ-0234', '85010b0b00818101', 'newer_kind'),
    raw('page of role 11 that holds a map', 'DML-OBJ-0235', '84010b0ba0', 'newer_kind'),
    raw('page of role 300', 'DML-OBJ-0234', '85010b19012c00818101', 'newer_kind'),
    raw('page of role -1', 'DML-OBJ-1902', '85010b2000818101', 'page_role'),
    raw('page of role that is a text', 'DML-OBJ-0226', '85010b613100818101', 'field_type'),
    raw('page of level 16', 'DML-OBJ-1903', `85010b01108182${link(ids.page())}05`, 'page_level'),
    raw('page of level 2^21', 'DML-OBJ-1903', '85010b011a00200000818101', 'page_level'),
    raw('page of level 2^53', 'DML-OBJ-1903', '85010b011b0020000000000000818101', 'page_level'),
    raw('page of level -1', 'DML-OBJ-1903', `85010b01208182${link(ids.page())}05`, 'page_level'),
    raw('page of level that is a float', 'DML-OBJ-0226', '85010b01fb0000000000000000818101', 'field_type'),
    raw('page without entries', 'DML-OBJ-1906', list('80'), 'page_empty'),
    raw('interior page without entries', 'DML-OBJ-1906', '85010b030180', 'page_empty'),
    raw('page whose entries are a link', 'DML-OBJ-0226', list(link(ids.page())), 'field_type'),
    raw('leaf entry in an interior page', 'DML-OBJ-1904', '85010b0101818101', 'entry_form'),
    raw(
      'interior entry of a list with a key',
      'DML-OBJ-1904',
      `85010b010181836161${link(ids.page())}05`,
      'entry_form',
    ),
    raw(
      'interior entry of a map without a key',
      'DML-OBJ-1904',
      `85010b03018182${link(ids.page())}05`,
      'entry_form',
    ),
    raw(
      'interior entry with a count of 0',
      'DML-OBJ-1907',
      `85010b01018182${link(ids.page())}00`,
      'entry_form',
    ),
    raw(
      'interior entry with a negative count',
      'DML-OBJ-0702',
      `85010b01018182${link(ids.page())}20`,
      'integer_range',
    ),
    raw(
      'interior entry linking to a chunk',
      'DML-OBJ-0304',
      `85010b01018182${rawLink(ids.page())}05`,
      'link_codec',
    ),
    raw(
      'chunk one byte too long',
      'DML-OBJ-1912',
      `85010b09008182${rawLink(ids.chunk())}1a00020001`,
      'entry_form',
    ),
    raw('chunk of length 0', 'DML-OBJ-1907', `85010b09008182${rawLink(ids.chunk())}00`, 'entry_form'),
    raw(
      'pins out of order',
      'DML-OBJ-1905',
      `85010b060082${[...nodes.slice(0, 2)]
        .reverse()
        .map((node) => `82${link(node)}${link(ids.exec())}`)
        .join('')}`,
      'entry_order',
    ),
    raw(
      'interior keys out of order',
      'DML-OBJ-1905',
      `85010b03018283616b${link(ids.page())}0583616b${link(ids.page(1))}05`,
      'entry_order',
    ),
    raw(
      'interior set keys out of order',
      'DML-OBJ-1905',
      `85010b02018283820302${link(ids.page())}0583820301${link(ids.page(1))}05`,
      'entry_order',
    ),
    raw(
      'names page with the name root',
      'DML-OBJ-1304',
      `85010b0400818264726f6f74${link(ids.node())}`,
      'root_name_reserved',
    ),
    raw(
      'page too large',
      'DML-OBJ-1908',
      ['85010b01009883', { repeat: `8205587c${'00'.repeat(124)}`, count: 131 }],
      'page_end',
    ),
    raw(
      'chunk in front that is too short',
      'DML-OBJ-1913',
      `85010b0900828 2${rawLink(ids.chunk())}19400082${rawLink(ids.chunk(1))}01`.replace(' ', ''),
      'blob_chunks',
    ),
    raw('page with two fields', 'DML-OBJ-0208', '84010b0100', 'field_count'),
  ];
}
