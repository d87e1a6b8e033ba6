import type { ErrorDetail } from '../error-table.ts';
import type { ObjectClass, RecordType } from '../object-class.ts';
import { MAX_AUTHOR_BYTES, MAX_DOMAIN_BYTES, MAX_MESSAGE_BYTES, MAX_PARENTS } from './limits.ts';
import { NODE_KIND_NUMBERS } from './node-kind.ts';
import type { PageRole } from './page-types.ts';
import type {
  BuiltinExec,
  CallExec,
  CallNode,
  CommitRecord,
  DagRecord,
  ExecRecord,
  ExecRequestRecord,
  ImportNode,
  LiteralNode,
  MetaRecord,
  NodeRecord,
  RefRecord,
  StubRecord,
  TombstoneRecord,
  TreeRecord,
} from './record-types.ts';

/** What may stand in one place of a record; the names are those of the specification. */
export type FieldForm =
  | { readonly is: 'link'; readonly to: ObjectClass; readonly orNull: boolean }
  | { readonly is: 'links'; readonly to: ObjectClass; readonly most: number }
  | { readonly is: 'root'; readonly role: PageRole }
  | { readonly is: 'uint'; readonly orNull: boolean }
  | { readonly is: 'text'; readonly maxBytes: number }
  | { readonly is: 'remote'; readonly orNull: true }
  | { readonly is: 'domain'; readonly maxBytes: number }
  | { readonly is: 'hash' | 'uuid' | 'bool' | 'name' | 'ref name' | 'class' | 'text or uint' }
  | { readonly is: 'choice'; readonly numbers: Readonly<Record<string, number>>; readonly other: ErrorDetail }
  /** The number that selects this shape; a constant in memory and in JSON. */
  | { readonly is: 'selector'; readonly number: number }
  /** A place that this shape leaves empty; nothing in memory and in JSON. */
  | { readonly is: 'nothing'; readonly as: 'null' | 'array'; readonly other: ErrorDetail };

/** One place of a record behind its header. */
export interface RecordField {
  /** Name in JSON and in the specification. */
  readonly name: string;
  /** Name in memory, which says the type of an id and the unit of a number. */
  readonly member: string;
  readonly form: FieldForm;
}

/** The places of one shape of a record, in order. */
export interface RecordShape {
  /** Members with one value: the type, and the kind where the type has kinds. */
  readonly constants: Readonly<Record<string, string>>;
  readonly fields: readonly RecordField[];
}

/** The shapes of a record type; where there are several, the number at `selectorAt` chooses. */
export interface RecordShapes {
  readonly shapes: readonly RecordShape[];
  readonly selectorAt?: number;
  /** Why a number that selects no shape is refused. */
  readonly other?: ErrorDetail;
}

/** Record types that consist of fixed places; datums and pages have codecs of their own. */
export type ShapedType = Exclude<RecordType, 'datum' | 'page'>;

type Row<Shape> = readonly [name: string, member: (keyof Shape & string) | undefined, form: FieldForm];

function rows<Shape>(...fields: readonly Row<Shape>[]): readonly RecordField[] {
  return fields
    .map(([name, member]) => ({ name, member: member ?? name }))
    .map((names, at) => ({
      ...names,
      form: fields[at]![2],
    }));
}

const link = (to: ObjectClass): FieldForm => ({ is: 'link', to, orNull: false });
const linkOrNull = (to: ObjectClass): FieldForm => ({ is: 'link', to, orNull: true });
const root = (role: PageRole): FieldForm => ({ is: 'root', role });
const text = (maxBytes: number): FieldForm => ({ is: 'text', maxBytes });
const uint: FieldForm = { is: 'uint', orNull: false };
const uintOrNull: FieldForm = { is: 'uint', orNull: true };

/** Returns the places of a node; no name is among them. @spec DML-OBJ-1206 */
function node<Kind extends NodeRecord['kind']>(kind: Kind, ...fields: readonly RecordField[]): RecordShape {
  const selector: FieldForm = { is: 'selector', number: NODE_KIND_NUMBERS[kind] };
  return {
    constants: { type: 'node', kind },
    fields: [{ name: 'kind', member: 'kind', form: selector }, ...fields],
  };
}

const CALL_FIELDS = rows<CallNode>(
  // @spec DML-OBJ-1204
  ['function', 'functionDatumId', link('datum')],
  ['inputs', 'inputs', root('inputs')],
);

function exec(
  nodeKind: ExecRecord['nodeKind'],
  result: RecordField,
  ...rest: readonly RecordField[]
): RecordShape {
  const selector: FieldForm = { is: 'selector', number: NODE_KIND_NUMBERS[nodeKind] };
  const status: FieldForm = { is: 'choice', numbers: { ok: 1, error: 2 }, other: 'exec_status' };
  return {
    constants: { type: 'exec', nodeKind },
    fields: [
      ...rows<ExecRecord>(
        ['node', 'nodeId', link('node')],
        ['nodeKind', 'nodeKind', selector],
        // @spec DML-OBJ-1503
        ['status', 'status', status],
        ['function', 'functionDatumId', link('datum')],
        // @spec DML-OBJ-1512
        ['inputs', 'inputs', root('values')],
      ),
      result,
      ...rest,
    ],
  };
}

const emptyOfBuiltin = (as: 'null' | 'array'): FieldForm => ({
  is: 'nothing',
  as,
  other: 'exec_builtin_fields',
});

const [CALL_RESULT] = rows<CallExec>(
  // @spec DML-OBJ-1504
  ['result', 'resultDagId', link('dag')],
);
const [BUILTIN_RESULT] = rows<BuiltinExec>(
  // @spec DML-OBJ-1505
  ['result', 'resultDatumId', link('datum')],
);

function single<Shape>(type: ShapedType, ...fields: readonly Row<Shape>[]): RecordShapes {
  return { shapes: [{ constants: { type }, fields: rows(...fields) }] };
}

/**
 * Record type → its places. The codec, the lists of links and the JSON form are made from this table.
 */
export const RECORD_SHAPES: Readonly<Record<ShapedType, RecordShapes>> = {
  // @spec DML-OBJ-1703
  meta: single<MetaRecord>(
    'meta',
    ['key', 'key', { is: 'name' }],
    ['value', 'value', { is: 'text or uint' }],
  ),
  node: {
    selectorAt: 0,
    other: 'node_kind',
    shapes: [
      // @spec DML-OBJ-1203
      node('literal', ...rows<LiteralNode>(['datum', 'datumId', link('datum')])),
      node('call', ...CALL_FIELDS),
      // @spec DML-OBJ-1205
      node('import', ...rows<ImportNode>(['dag', 'dagId', link('dag')], ['name', 'name', { is: 'name' }])),
      node('builtin', ...CALL_FIELDS),
    ],
  },
  // @spec DML-OBJ-1301
  dag: single<DagRecord>('dag', ['root', 'rootNodeId', link('node')], ['names', 'names', root('names')]),
  // @spec DML-OBJ-1302
  tree: single<TreeRecord>('tree', ['dags', 'dags', root('dags')]),
  // @spec DML-OBJ-1401
  commit: single<CommitRecord>(
    'commit',
    ['tree', 'treeId', link('tree')],
    ['parents', 'parentCommitIds', { is: 'links', to: 'commit', most: MAX_PARENTS }],
    ['pins', 'pins', root('pins')],
    ['requests', 'requests', root('requests')],
    ['author', 'author', text(MAX_AUTHOR_BYTES)],
    ['authoredMs', 'authoredMs', uint],
    // @spec DML-OBJ-1407
    ['committer', 'committer', text(MAX_AUTHOR_BYTES)],
    ['committedMs', 'committedMs', uint],
    ['message', 'message', text(MAX_MESSAGE_BYTES)],
    // @spec DML-OBJ-0901
    ['details', 'detailsDatumId', linkOrNull('datum')],
  ),
  // @spec DML-OBJ-1701
  ref: single<RefRecord>(
    'ref',
    ['name', 'name', { is: 'ref name' }],
    ['commit', 'commitId', link('commit')],
    ['sequence', 'sequence', uint],
  ),
  // @spec DML-OBJ-1801
  tombstone: single<TombstoneRecord>(
    'tombstone',
    ['class', 'objectClass', { is: 'class' }],
    // @spec DML-OBJ-1803
    ['object', 'objectId', { is: 'hash' }],
    // @spec DML-OBJ-1804
    ['reason', 'reason', { is: 'name' }],
    ['message', 'message', text(MAX_MESSAGE_BYTES)],
    ['actor', 'actor', text(MAX_AUTHOR_BYTES)],
    ['timeMs', 'timeMs', uint],
  ),
  exec: {
    selectorAt: 1,
    // @spec DML-OBJ-1502
    other: 'exec_node_kind',
    // @spec DML-OBJ-1501
    shapes: [
      exec(
        'call',
        CALL_RESULT!,
        ...rows<CallExec>(
          ['pins', 'pins', root('pins')],
          ['request', 'requestId', linkOrNull('exec-request')],
          ['source', 'sourceExecId', linkOrNull('exec')],
          ['startedMs', 'startedMs', uintOrNull],
          ['finishedMs', 'finishedMs', uintOrNull],
          ['receipt', 'receiptDatumId', linkOrNull('datum')],
          ['details', 'detailsDatumId', linkOrNull('datum')],
        ),
      ),
      exec(
        'builtin',
        BUILTIN_RESULT!,
        // @spec DML-OBJ-1507
        ...rows<BuiltinExec>(
          ['pins', undefined, emptyOfBuiltin('array')],
          ['request', undefined, emptyOfBuiltin('null')],
          ['source', undefined, emptyOfBuiltin('null')],
          ['startedMs', undefined, emptyOfBuiltin('null')],
          ['finishedMs', undefined, emptyOfBuiltin('null')],
          ['receipt', undefined, emptyOfBuiltin('null')],
          ['details', undefined, emptyOfBuiltin('null')],
        ),
      ),
    ],
  },
  // @spec DML-OBJ-1601
  'exec-request': single<ExecRequestRecord>(
    'exec-request',
    ['node', 'nodeId', link('node')],
    // @spec DML-OBJ-1605
    ['executionKey', 'executionKey', { is: 'hash' }],
    ['executionUuid', 'executionUuid', { is: 'uuid' }],
    ['cache', 'cache', { is: 'bool' }],
    ['retryFailed', 'retryFailed', { is: 'bool' }],
    ['needs', 'needsDatumId', linkOrNull('datum')],
    ['snapshot', 'snapshotCommitId', linkOrNull('commit')],
    ['remote', 'remoteUri', { is: 'remote', orNull: true }],
    ['createdMs', 'createdMs', uint],
    ['details', 'detailsDatumId', linkOrNull('datum')],
  ),
  // @spec DML-OBJ-1811
  stub: single<StubRecord>(
    'stub',
    ['class', 'objectClass', { is: 'class' }],
    ['object', 'objectId', { is: 'hash' }],
    ['domain', 'domain', { is: 'domain', maxBytes: MAX_DOMAIN_BYTES }],
    ['timeMs', 'timeMs', uint],
  ),
};
