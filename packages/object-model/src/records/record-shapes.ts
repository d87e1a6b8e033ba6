import type { ErrorDetail } from '../error-table.ts';
import type { ObjectClass, RecordType } from '../object-class.ts';
import { DATUM_KIND_NUMBERS } from './datum-kind.ts';
import { NODE_KIND_NUMBERS } from './node-kind.ts';
import type { PageRole } from './page-types.ts';
import { checkAttachment, checkBlob, checkExec, checkReference } from './record-checks.ts';
import type { Datum, ExecRecord, NodeRecord, Records } from './record-types.ts';

/** Most parents of a commit. @spec DML-OBJ-1403 */
const MAX_PARENTS = 16;
/** Longest author or committer of a commit and actor of a tombstone, in bytes. @spec DML-OBJ-1405 */
const MAX_AUTHOR_BYTES = 255;
/** Longest message of a commit or tombstone, in bytes. @spec DML-OBJ-1406 */
const MAX_MESSAGE_BYTES = 65_536;
/** Longest name of a domain, in bytes. @spec DML-OBJ-1812 DML-OBJ-1822 */
const MAX_DOMAIN_BYTES = 255;

/** Form of a field; the names are those of the specification. */
export type FieldForm =
  | { readonly is: 'link'; readonly to: ObjectClass; readonly or?: 'null' | 'absent' }
  | { readonly is: 'links'; readonly to: ObjectClass; readonly max: number }
  | { readonly is: 'root'; readonly role: PageRole }
  | { readonly is: 'uint' | 'remote'; readonly or?: 'null' }
  | { readonly is: 'text'; readonly maxBytes?: number }
  | { readonly is: 'domain'; readonly maxBytes: number }
  | { readonly is: 'bool' | 'i64' | 'f64' | 'bytes' | 'uri' | 'hash' | 'uuid' }
  | { readonly is: 'name' | 'ref name' | 'class' | 'text or uint' }
  /** One of a few names; the number of a name is its position, counted from 1. */
  | { readonly is: 'choice'; readonly names: readonly string[]; readonly other: ErrorDetail }
  /** The number that selects this shape; a constant in memory and in JSON. */
  | { readonly is: 'selector'; readonly number: number }
  /** A place that this shape leaves empty; absent in memory and in JSON. */
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
  /** Check of fields that, each well formed, may contradict each other; throws. */
  readonly check: ((record: never) => void) | undefined;
  /** A record of this shape whose members are not filled in yet; copies of it share one hidden class. */
  readonly blank: Readonly<Record<string, unknown>>;
  /** Number of fields of the shortest record: a link that may be absent stands last. */
  readonly minFields: number;
  /** Number of fields up to the last one that can hold a link. */
  readonly linkedFields: number;
}

function shapeOfFields(
  constants: RecordShape['constants'],
  fields: readonly RecordField[],
  check?: RecordShape['check'],
): RecordShape {
  const blank: Record<string, unknown> = { ...constants };
  let minFields = 0;
  let linkedFields = 0;
  for (const [at, { form, member }] of fields.entries()) {
    if (form.is === 'link' || form.is === 'links' || form.is === 'root') linkedFields = at + 1;
    if (form.is === 'link' && form.or === 'absent') continue;
    if (form.is !== 'selector' && form.is !== 'nothing') blank[member] = null;
    minFields = at + 1;
  }
  return { constants, fields, check, blank, minFields, linkedFields };
}

/** The shapes of a record type. */
export interface RecordShapes {
  readonly shapes: readonly RecordShape[];
  /** The field whose number selects one of several shapes. */
  readonly selector?: Selector;
}

/** The field that selects a shape. */
export interface Selector {
  readonly at: number;
  readonly member: string;
  readonly byName: ReadonlyMap<unknown, RecordShape>;
  readonly byNumber: readonly (RecordShape | undefined)[];
  /** Detail for which a number that selects no shape is refused. */
  readonly other: ErrorDetail;
}

/** Record types that consist of fixed places; a page has entries instead. */
export type ShapedType = Exclude<RecordType, 'page'>;

/** Union of the members of every shape of a record type. */
type MemberOf<Type> = Type extends unknown ? Exclude<keyof Type, 'type'> & string : never;
type Row<Type> = readonly [name: string, member: MemberOf<Type>, form: FieldForm];

function fieldsOf<Type>(...rows: readonly Row<Type>[]): readonly RecordField[] {
  return rows.map(([name, member, form]) => ({ name, member, form: evenForm(form) }));
}

/** Returns a form with every property of every form, in one order: property accesses stay monomorphic. */
function evenForm(form: FieldForm): FieldForm {
  const { is, to, or, max, role, maxBytes, names, other, number, as } = form as unknown as Record<
    string,
    unknown
  >;
  return { is, to, or, max, role, maxBytes, names, other, number, as } as unknown as FieldForm;
}

const link = (to: ObjectClass): FieldForm => ({ is: 'link', to });
const linkOrNull = (to: ObjectClass): FieldForm => ({ is: 'link', to, or: 'null' });
const root = (role: PageRole): FieldForm => ({ is: 'root', role });
const text = (maxBytes?: number): FieldForm =>
  maxBytes === undefined ? { is: 'text' } : { is: 'text', maxBytes };
const uint: FieldForm = { is: 'uint' };
const uintOrNull: FieldForm = { is: 'uint', or: 'null' };

function single<Type extends ShapedType>(type: Type, ...rows: readonly Row<Records[Type]>[]): RecordShapes {
  return { shapes: [shapeOfFields({ type }, fieldsOf(...rows))] };
}

function checked(shapes: RecordShapes, check: NonNullable<RecordShape['check']>): RecordShapes {
  return { shapes: shapes.shapes.map((shape) => ({ ...shape, check })) };
}

function selected(other: ErrorDetail, ...shapes: readonly RecordShape[]): RecordShapes {
  const at = shapes[0]!.fields.findIndex(({ form }) => form.is === 'selector');
  const { member } = shapes[0]!.fields[at]!;
  const byNumber: (RecordShape | undefined)[] = [];
  for (const shape of shapes) {
    const { form } = shape.fields[at]!;
    if (form.is === 'selector') byNumber[form.number] = shape;
  }
  const byName = new Map(shapes.map((shape) => [shape.constants[member], shape]));
  return { shapes, selector: { at, member, byName, byNumber, other } };
}

function datum(
  kind: Datum['kind'],
  rows: readonly Row<Datum>[] = [],
  check?: RecordShape['check'],
): RecordShape {
  const fields = [selectorField('kind', DATUM_KIND_NUMBERS[kind]), ...fieldsOf(...rows)];
  return shapeOfFields({ type: 'datum', kind }, fields, check);
}

/** Returns the places of a node; no name is among them. @spec DML-OBJ-1206 */
function node(kind: NodeRecord['kind'], ...rows: readonly Row<NodeRecord>[]): RecordShape {
  const fields = [selectorField('kind', NODE_KIND_NUMBERS[kind]), ...fieldsOf(...rows)];
  return shapeOfFields({ type: 'node', kind }, fields);
}

function exec(
  nodeKind: ExecRecord['nodeKind'],
  result: Row<ExecRecord>,
  rest: readonly RecordField[],
): RecordShape {
  return shapeOfFields(
    { type: 'exec', nodeKind },
    [
      ...fieldsOf<ExecRecord>(['node', 'nodeId', link('node')]),
      selectorField('nodeKind', NODE_KIND_NUMBERS[nodeKind]),
      ...fieldsOf<ExecRecord>(
        // @spec DML-OBJ-1503
        ['status', 'status', { is: 'choice', names: ['ok', 'error'], other: 'exec_status' }],
        ['function', 'functionDatumId', link('datum')],
        // @spec DML-OBJ-1512
        ['inputs', 'inputs', root('values')],
        result,
      ),
      ...rest,
    ],
    checkExec,
  );
}

function selectorField(member: string, number: number): RecordField {
  return { name: member, member, form: evenForm({ is: 'selector', number }) };
}

/** The places behind the result of an exec, which an exec of a builtin leaves empty. */
const EXEC_REST = fieldsOf<ExecRecord>(
  ['pins', 'pins', root('pins')],
  ['request', 'requestId', linkOrNull('exec-request')],
  ['source', 'sourceExecId', linkOrNull('exec')],
  ['startedMs', 'startedMs', uintOrNull],
  ['finishedMs', 'finishedMs', uintOrNull],
  ['receipt', 'receiptDatumId', linkOrNull('datum')],
  ['details', 'detailsDatumId', linkOrNull('datum')],
);

// @spec DML-OBJ-1507
function leftEmpty(field: RecordField): RecordField {
  const as = field.form.is === 'root' ? 'array' : 'null';
  return { ...field, form: evenForm({ is: 'nothing', as, other: 'exec_builtin_fields' }) };
}

const CALL_ROWS: readonly Row<NodeRecord>[] = [
  // @spec DML-OBJ-1204
  ['function', 'functionDatumId', link('datum')],
  ['inputs', 'inputs', root('inputs')],
];

/**
 * Record type → its places. Codec, lists of links and of search trees, printing and refusals are made from
 * this table.
 *
 * @spec DML-OBJ-2401
 */
export const RECORD_SHAPES: Readonly<Record<ShapedType, RecordShapes>> = {
  // @spec DML-OBJ-1703
  meta: single('meta', ['key', 'key', { is: 'name' }], ['value', 'value', { is: 'text or uint' }]),
  datum: selected(
    'datum_kind',
    // @spec DML-OBJ-1003
    datum('null'),
    datum('bool', [['value', 'value', { is: 'bool' }]]),
    datum('i64', [['value', 'value', { is: 'i64' }]]),
    datum('f64', [['value', 'value', { is: 'f64' }]]),
    datum('bytes', [['value', 'value', { is: 'bytes' }]]),
    datum('string', [['value', 'value', text()]]),
    datum(
      'uri',
      [
        ['value', 'value', { is: 'uri' }],
        ['attachment', 'attachmentDatumId', { is: 'link', to: 'datum', or: 'absent' }],
      ],
      checkAttachment,
    ),
    // @spec DML-OBJ-1008
    datum('list', [['root', 'root', root('list')]]),
    // @spec DML-OBJ-1009
    datum('set', [['root', 'root', root('set')]]),
    // @spec DML-OBJ-1010
    datum('map', [['root', 'root', root('map')]]),
    // @spec DML-OBJ-1012
    datum(
      'blob',
      [
        ['sizeBytes', 'sizeBytes', uint],
        ['contentSha256', 'contentSha256', { is: 'hash' }],
        ['root', 'root', root('chunks')],
      ],
      checkBlob,
    ),
  ),
  node: selected(
    'node_kind',
    // @spec DML-OBJ-1203
    node('literal', ['datum', 'datumId', link('datum')]),
    node('call', ...CALL_ROWS),
    // @spec DML-OBJ-1205
    node('import', ['dag', 'dagId', link('dag')], ['name', 'name', { is: 'name' }]),
    node('builtin', ...CALL_ROWS),
  ),
  // @spec DML-OBJ-1301
  dag: single('dag', ['root', 'rootNodeId', link('node')], ['names', 'names', root('names')]),
  // @spec DML-OBJ-1302
  tree: single('tree', ['dags', 'dags', root('dags')]),
  // @spec DML-OBJ-1401
  commit: single(
    'commit',
    ['tree', 'treeId', link('tree')],
    ['parents', 'parentCommitIds', { is: 'links', to: 'commit', max: MAX_PARENTS }],
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
  ref: single(
    'ref',
    ['name', 'name', { is: 'ref name' }],
    ['commit', 'commitId', link('commit')],
    ['sequence', 'sequence', uint],
  ),
  // @spec DML-OBJ-1801
  tombstone: single(
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
  // @spec DML-OBJ-1501
  exec: selected(
    // @spec DML-OBJ-1502
    'exec_node_kind',
    // @spec DML-OBJ-1504
    exec('call', ['result', 'resultDagId', link('dag')], EXEC_REST),
    // @spec DML-OBJ-1505
    exec('builtin', ['result', 'resultDatumId', link('datum')], EXEC_REST.map(leftEmpty)),
  ),
  // @spec DML-OBJ-1601
  'exec-request': single(
    'exec-request',
    ['node', 'nodeId', link('node')],
    // @spec DML-OBJ-1605
    ['executionKey', 'executionKey', { is: 'hash' }],
    ['executionUuid', 'executionUuid', { is: 'uuid' }],
    ['cache', 'cache', { is: 'bool' }],
    ['retryFailed', 'retryFailed', { is: 'bool' }],
    ['needs', 'needsDatumId', linkOrNull('datum')],
    ['snapshot', 'snapshotCommitId', linkOrNull('commit')],
    ['remote', 'remoteUri', { is: 'remote', or: 'null' }],
    ['createdMs', 'createdMs', uint],
    ['details', 'detailsDatumId', linkOrNull('datum')],
  ),
  // @spec DML-OBJ-1811
  stub: single(
    'stub',
    ['class', 'objectClass', { is: 'class' }],
    ['object', 'objectId', { is: 'hash' }],
    ['domain', 'domain', { is: 'domain', maxBytes: MAX_DOMAIN_BYTES }],
    ['timeMs', 'timeMs', uint],
  ),
  // @spec DML-OBJ-1821
  reference: checked(
    single(
      'reference',
      ['domain', 'domain', { is: 'domain', maxBytes: MAX_DOMAIN_BYTES }],
      ['name', 'name', { is: 'name' }],
      ['commit', 'commitId', linkOrNull('commit')],
      ['references', 'references', root('references')],
      ['takenMs', 'takenMs', uint],
      ['previous', 'previousReferenceId', linkOrNull('reference')],
      ['details', 'detailsDatumId', linkOrNull('datum')],
    ),
    checkReference,
  ),
  // @spec DML-OBJ-1831
  'federated-snapshot': single(
    'federated-snapshot',
    ['heads', 'heads', root('heads')],
    ['references', 'references', root('references')],
    ['details', 'detailsDatumId', linkOrNull('datum')],
  ),
};

/** Returns the shape of a record in memory, undefined where its kind is none. */
export function shapeOf(type: ShapedType, record: object): RecordShape | undefined {
  const { shapes, selector } = RECORD_SHAPES[type];
  if (selector === undefined) return shapes[0];
  return selector.byName.get((record as Readonly<Record<string, unknown>>)[selector.member]);
}
