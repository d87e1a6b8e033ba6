import fc from 'fast-check';
import { compareBytes } from '../src/bytes.ts';
import {
  type AnyRecord,
  compareUtf8,
  type Element,
  encodeElement,
  hashBytes,
  nfcText,
  type ScalarDatum,
} from '../src/index.ts';

const HEX = '0123456789abcdef';

/** Any id; a record does not know whether it names something. */
const id: fc.Arbitrary<never> = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => {
  let hex = '';
  for (const byte of bytes) hex += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return hex as never;
});

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength }).map((any) => any.toWellFormed());
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
const name = text(20)
  .map((any) => nfcText(any.replace(CONTROLS, '')))
  .filter((any) => any !== '' && any !== '.' && any !== '..' && any !== 'root');
const count = fc.oneof(fc.nat(300), fc.maxSafeInteger().map(Math.abs));
const positive = count.map((any) => Math.max(1, any));
const chunkLength = fc.integer({ min: 16_385, max: 131_072 });
const uri = fc
  .array(fc.constantFrom('a', 'B', '1', '-', '%C3%A9', '~'), { minLength: 1, maxLength: 12 })
  .map((parts) => `x://host/${parts.join('')}`);

/** Any scalar whose encoding is short enough to stand inline. */
export const scalarDatum: fc.Arbitrary<ScalarDatum> = fc.oneof(
  fc.constant<ScalarDatum>({ type: 'datum', kind: 'null' }),
  fc.boolean().map((value): ScalarDatum => ({ type: 'datum', kind: 'bool', value })),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value): ScalarDatum => ({ type: 'datum', kind: 'i64', value })),
  fc.integer().map((value): ScalarDatum => ({ type: 'datum', kind: 'i64', value: BigInt(value) })),
  fc.double().map((value): ScalarDatum => ({ type: 'datum', kind: 'f64', value: value + 0 })),
  fc.integer().map((value): ScalarDatum => ({ type: 'datum', kind: 'f64', value })),
  fc.uint8Array({ maxLength: 40 }).map((value): ScalarDatum => ({ type: 'datum', kind: 'bytes', value })),
  text(20).map((value): ScalarDatum => ({ type: 'datum', kind: 'string', value })),
  uri.map((value): ScalarDatum => ({ type: 'datum', kind: 'uri', value })),
);

const element: fc.Arbitrary<Element> = fc.oneof(
  { weight: 4, arbitrary: scalarDatum },
  { weight: 1, arbitrary: id },
);

function sorted<Entry>(entries: readonly Entry[], order: (left: Entry, right: Entry) => number): Entry[] {
  return [...entries]
    .sort(order)
    .filter((entry, at, all) => at === 0 || order(all[at - 1] as Entry, entry) !== 0);
}

const byElement = (left: Element, right: Element): number =>
  compareBytes(encodeElement(left), encodeElement(right));
const byKey = <Value>(left: readonly [string, Value], right: readonly [string, Value]): number =>
  compareUtf8(left[0], right[0]);
const list = fc.array(element, { maxLength: 40 });
const set = fc.array(element, { maxLength: 12 }).map((all) => sorted(all, byElement));
const pairs = <Value>(key: fc.Arbitrary<string>, value: fc.Arbitrary<Value>): fc.Arbitrary<never> =>
  fc.array(fc.tuple(key, value), { maxLength: 12 }).map((all) => sorted(all, byKey) as never);
const root = <Entries>(entries: fc.Arbitrary<Entries>): fc.Arbitrary<never> =>
  fc.oneof({ weight: 5, arbitrary: entries }, { weight: 1, arbitrary: id }) as fc.Arbitrary<never>;
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.option(value, { nil: null });
const type = <const Type extends string>(value: Type): fc.Arbitrary<Type> => fc.constant(value);

const inputs = root(fc.array(id, { maxLength: 30 }));
const values = root(fc.array(id, { maxLength: 30 }));
const pins = root(pairs(id, id));

/** Any record of any shape. */
export const anyRecord: fc.Arbitrary<AnyRecord> = fc.oneof(
  scalarDatum,
  id.map(
    (any): AnyRecord => ({ type: 'datum', kind: 'uri', value: `x:${String(any)}`, attachmentDatumId: any }),
  ),
  root(list).map((any): AnyRecord => ({ type: 'datum', kind: 'list', root: any })),
  root(set).map((any): AnyRecord => ({ type: 'datum', kind: 'set', root: any })),
  root(pairs(text(30), element)).map((any): AnyRecord => ({ type: 'datum', kind: 'map', root: any })),
  fc.record({ type: type('datum'), kind: type('blob'), sizeBytes: count, contentSha256: id, root: id }),
  fc
    .record({
      type: type('datum'),
      kind: type('blob'),
      contentSha256: id,
      root: fc.array(fc.tuple(id, chunkLength), { maxLength: 9 }),
    })
    .map((blob): AnyRecord => {
      const only = blob.root.length === 1 ? blob.root[0]![0] : hashBytes(new Uint8Array());
      const contentSha256 = blob.root.length < 2 ? only : blob.contentSha256;
      return { ...blob, contentSha256, sizeBytes: blob.root.reduce((sum, [, length]) => sum + length, 0) };
    }),
  fc.record({ type: type('node'), kind: type('literal'), datumId: id }),
  fc.record({ type: type('node'), kind: fc.constantFrom('call', 'builtin'), functionDatumId: id, inputs }),
  fc.record({ type: type('node'), kind: type('import'), dagId: id, name }),
  fc.record({ type: type('dag'), rootNodeId: id, names: root(pairs(name, id)) }),
  fc.record({ type: type('tree'), dags: root(pairs(name, id)) }),
  fc.record({
    type: type('commit'),
    treeId: id,
    parentCommitIds: fc.uniqueArray(id, { maxLength: 16 }),
    pins,
    requests: pins,
    author: text(60),
    authoredMs: count,
    committer: text(60),
    committedMs: count,
    message: text(100),
    detailsDatumId: optional(id),
  }),
  fc
    .record({
      type: type('exec'),
      nodeKind: type('call'),
      nodeId: id,
      functionDatumId: id,
      inputs: values,
      status: fc.constantFrom('ok', 'error'),
      resultDagId: id,
      pins,
      requestId: optional(id),
      startedMs: optional(count),
      receiptDatumId: optional(id),
      detailsDatumId: optional(id),
    })
    .map((exec) => ({ ...exec, sourceExecId: null, finishedMs: exec.startedMs })),
  fc.record({
    type: type('exec'),
    nodeKind: type('call'),
    nodeId: id,
    functionDatumId: id,
    inputs: values,
    status: fc.constantFrom('ok', 'error'),
    resultDagId: id,
    pins,
    requestId: type('').map(() => null),
    sourceExecId: id,
    startedMs: type('').map(() => null),
    finishedMs: type('').map(() => null),
    receiptDatumId: type('').map(() => null),
    detailsDatumId: optional(id),
  }),
  fc.record({
    type: type('exec'),
    nodeKind: type('builtin'),
    nodeId: id,
    functionDatumId: id,
    inputs: values,
    status: fc.constantFrom('ok', 'error'),
    resultDatumId: id,
  }),
  fc.record({
    type: type('ref'),
    name: fc.constantFrom('heads/main', 'index/a%2Fb'),
    commitId: id,
    sequence: count,
  }),
  fc.record({
    type: type('tombstone'),
    objectClass: fc.constantFrom('datum', 'chunk', 'exec-request'),
    objectId: id,
    reason: name,
    message: text(90),
    actor: text(60),
    timeMs: count,
  }),
  fc.record({
    type: type('exec-request'),
    nodeId: id,
    executionKey: id,
    executionUuid: fc.uuid(),
    cache: fc.boolean(),
    retryFailed: fc.boolean(),
    needsDatumId: optional(id),
    snapshotCommitId: optional(id),
    remoteUri: fc.constantFrom(null, 'dml+remote://file/a/b'),
    createdMs: count,
    detailsDatumId: optional(id),
  }),
  fc.record({
    type: type('stub'),
    objectClass: fc.constantFrom('datum', 'chunk', 'exec-request'),
    objectId: id,
    domain: uri,
    timeMs: count,
  }),
  fc.record({ type: type('meta'), key: name, value: fc.oneof(count, text(40)) }),
  fc
    .record({
      type: type('page'),
      role: type('pins'),
      level: type('').map(() => 0 as const),
      entries: pairs(id, id),
    })
    .filter(hasEntries),
  fc
    .record({ type: type('page'), role: type('set'), level: fc.constant(0 as const), entries: set })
    .filter(hasEntries),
  fc
    .record({ type: type('page'), role: type('list'), level: fc.constant(0 as const), entries: list })
    .filter(hasEntries),
  fc.record({
    type: type('page'),
    role: type('inputs'),
    level: fc.integer({ min: 1, max: 15 }),
    entries: fc.array(fc.tuple(id, positive), { minLength: 1, maxLength: 9 }),
  }),
  fc
    .record({
      type: type('page'),
      role: type('names'),
      level: fc.integer({ min: 1, max: 15 }),
      entries: fc
        .array(fc.tuple(name, id, positive), { maxLength: 9 })
        .map((all) => sorted(all, (a, b) => compareUtf8(a[0], b[0]))),
    })
    .filter(hasEntries),
);

function hasEntries(page: { readonly entries: readonly unknown[] }): boolean {
  return page.entries.length > 0;
}
