import * as z from 'zod';
import { OBJECT_CLASSES, type RecordType } from '../object-class.ts';
import { PAGE_ROLE_NUMBERS, type PageRole } from '../records/page-types.ts';
import { interiorEntryForm, leafEntryForm, rootForm, valueForm } from './entry-form.ts';
import {
  type AnyForm,
  countForm,
  type FieldForm,
  hashForm,
  linkForm,
  nullable,
  oneOf,
  textForm,
  textOrCountForm,
} from './field-form.ts';
import { field, type ObjectForm, optionalField } from './object-form.ts';

const statusForm = oneOf(['ok', 'error']);
const optionalTime = nullable(countForm);

function datum(kind: string, ...fields: ObjectForm['fields']): ObjectForm {
  return { constants: { type: 'datum', kind }, fields };
}

function node(kind: string, ...fields: ObjectForm['fields']): ObjectForm {
  return { constants: { type: 'node', kind }, fields };
}

const callFields = [
  field('function', 'functionDatumId', linkForm('datum')),
  field('inputs', 'inputs', rootForm('inputs')),
];

const execFields = [
  field('node', 'nodeId', linkForm('node')),
  field('executionKey', 'executionKey', hashForm),
  field('status', 'status', statusForm),
];

function page(role: PageRole, level: 'leaf' | 'interior'): ObjectForm {
  const entry = level === 'leaf' ? leafEntryForm(role) : interiorEntryForm(role);
  return {
    constants: { type: 'page', role },
    fields: [field('level', 'level', levelForm(level)), field('entries', 'entries', arrayForm(entry))],
  };
}

function levelForm(level: 'leaf' | 'interior'): FieldForm<number> {
  const schema = level === 'leaf' ? z.literal(0) : z.int().positive();
  return { schema, toJson: (value) => value, fromJson: (json) => json as number };
}

function arrayForm(entry: AnyForm): FieldForm<readonly unknown[]> {
  return {
    schema: z.array(entry.schema),
    toJson: (entries) => entries.map((each) => entry.toJson(each)),
    fromJson: (json: readonly unknown[]) => json.map((each) => entry.fromJson(each)),
  };
}

const PAGE_ROLES = Object.keys(PAGE_ROLE_NUMBERS) as PageRole[];

/**
 * Record type → its shapes in JSON.
 *
 * @spec DML-OBJ-2202
 */
export const RECORD_FORMS: Readonly<Record<RecordType, readonly ObjectForm[]>> = {
  meta: [
    {
      constants: { type: 'meta' },
      fields: [field('key', 'key', textForm), field('value', 'value', textOrCountForm)],
    },
  ],
  datum: [
    datum('null'),
    datum('bool', field('value', 'value', valueForm('bool'))),
    datum('i64', field('value', 'value', valueForm('i64'))),
    datum('f64', field('value', 'value', valueForm('f64'))),
    datum('bytes', field('value', 'value', valueForm('bytes'))),
    datum('string', field('value', 'value', valueForm('string'))),
    datum(
      'uri',
      field('value', 'value', valueForm('uri')),
      optionalField('attachment', 'attachmentDatumId', linkForm('datum')),
    ),
    datum('list', field('root', 'root', rootForm('list'))),
    datum('set', field('root', 'root', rootForm('set'))),
    datum('map', field('root', 'root', rootForm('map'))),
    datum(
      'blob',
      field('sizeBytes', 'sizeBytes', countForm),
      field('contentSha256', 'contentSha256', hashForm),
      field('root', 'root', rootForm('chunks')),
    ),
  ],
  node: [
    node('literal', field('datum', 'datumId', linkForm('datum'))),
    node('call', ...callFields),
    node('import', field('dag', 'dagId', linkForm('dag')), field('name', 'name', textForm)),
    node('builtin', ...callFields),
  ],
  dag: [
    {
      constants: { type: 'dag' },
      fields: [field('root', 'rootNodeId', linkForm('node')), field('names', 'names', rootForm('names'))],
    },
  ],
  tree: [{ constants: { type: 'tree' }, fields: [field('dags', 'dags', rootForm('dags'))] }],
  commit: [
    {
      constants: { type: 'commit' },
      fields: [
        field('tree', 'treeId', linkForm('tree')),
        field('parents', 'parentCommitIds', arrayForm(linkForm('commit'))),
        field('pins', 'pins', rootForm('pins')),
        field('requests', 'requests', rootForm('requests')),
        field('author', 'author', textForm),
        field('message', 'message', textForm),
        field('timeMs', 'timeMs', countForm),
      ],
    },
  ],
  ref: [
    {
      constants: { type: 'ref' },
      fields: [
        field('name', 'name', textForm),
        field('commit', 'commitId', linkForm('commit')),
        field('sequence', 'sequence', countForm),
      ],
    },
  ],
  tombstone: [
    {
      constants: { type: 'tombstone' },
      fields: [
        field('class', 'objectClass', oneOf(OBJECT_CLASSES as unknown as readonly [string, ...string[]])),
        field('object', 'objectId', hashForm),
        field('reason', 'reason', textForm),
        field('message', 'message', textForm),
        field('actor', 'actor', textForm),
        field('timeMs', 'timeMs', countForm),
      ],
    },
  ],
  exec: [
    {
      constants: { type: 'exec', nodeKind: 'call' },
      fields: [
        ...execFields,
        field('result', 'resultDagId', linkForm('dag')),
        field('pins', 'pins', rootForm('pins')),
        field('request', 'requestId', nullable(linkForm('exec-request'))),
        field('source', 'sourceExecId', nullable(linkForm('exec'))),
        field('startedMs', 'startedMs', optionalTime),
        field('finishedMs', 'finishedMs', optionalTime),
        field('receipt', 'receiptDatumId', nullable(linkForm('datum'))),
      ],
    },
    {
      constants: { type: 'exec', nodeKind: 'builtin' },
      fields: [...execFields, field('result', 'resultDatumId', linkForm('datum'))],
    },
  ],
  'exec-request': [
    {
      constants: { type: 'exec-request' },
      fields: [
        field('node', 'nodeId', linkForm('node')),
        field('function', 'functionDatumId', linkForm('datum')),
        field('executionUuid', 'executionUuid', textForm),
        field('snapshotCommit', 'snapshotCommitId', nullable(linkForm('commit'))),
        field('snapshotRef', 'snapshotRef', nullable(textForm)),
        field('remoteUri', 'remoteUri', nullable(textForm)),
        field('createdMs', 'createdMs', countForm),
      ],
    },
  ],
  page: PAGE_ROLES.flatMap((role) => [page(role, 'leaf'), page(role, 'interior')]),
};
