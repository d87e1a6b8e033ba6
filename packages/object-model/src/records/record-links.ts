import type { ObjectIds } from '../ids.ts';
import type { ObjectClass } from '../object-class.ts';
import type { PageEntry } from './entry.ts';
import { isKeyedRole, type PageRole, type TreeRoot } from './page-types.ts';
import type { AnyRecord, Datum, Element, ExecRecord } from './record-types.ts';

/** A link out of a record: the class its place determines, and the id. */
export type ObjectLink = {
  readonly [Class in ObjectClass]: { readonly objectClass: Class; readonly id: ObjectIds[Class] };
}[ObjectClass];

/**
 * Yields every link out of a record, in the order of its bytes, repeats included.
 *
 * @spec DML-OBJ-1910
 */
export function recordLinks(record: AnyRecord): readonly ObjectLink[] {
  const links: ObjectLink[] = [];
  const add = (objectClass: ObjectClass, id: string | null): void => {
    if (id !== null) links.push({ objectClass, id } as ObjectLink);
  };
  visitRecord(record, add);
  return links;
}

type Add = (objectClass: ObjectClass, id: string | null) => void;

// @spec DML-OBJ-1805
function visitRecord(record: AnyRecord, add: Add): void {
  switch (record.type) {
    case 'datum':
      return visitDatum(record, add);
    case 'node':
      if (record.kind === 'literal') return add('datum', record.datumId);
      if (record.kind === 'import') return add('dag', record.dagId);
      add('datum', record.functionDatumId);
      return visitRoot('inputs', record.inputs, add);
    case 'dag':
      add('node', record.rootNodeId);
      return visitRoot('names', record.names, add);
    case 'tree':
      return visitRoot('dags', record.dags, add);
    case 'commit':
      add('tree', record.treeId);
      for (const parent of record.parentCommitIds) add('commit', parent);
      visitRoot('pins', record.pins, add);
      return visitRoot('requests', record.requests, add);
    case 'exec':
      return visitExec(record, add);
    case 'exec-request':
      add('node', record.nodeId);
      add('datum', record.functionDatumId);
      return add('commit', record.snapshotCommitId);
    case 'ref':
      return add('commit', record.commitId);
    case 'page':
      return visitEntries(record.role, record.level, record.entries, add);
    case 'meta':
    case 'tombstone':
      return;
  }
}

function visitDatum(datum: Datum, add: Add): void {
  if (datum.kind === 'uri' && datum.attachmentDatumId !== undefined) add('datum', datum.attachmentDatumId);
  else if (datum.kind === 'blob') visitRoot('chunks', datum.root, add);
  else if (datum.kind === 'list' || datum.kind === 'set' || datum.kind === 'map') {
    visitRoot(datum.kind, datum.root, add);
  }
}

function visitExec(exec: ExecRecord, add: Add): void {
  add('node', exec.nodeId);
  if (exec.nodeKind === 'builtin') return add('datum', exec.resultDatumId);
  add('dag', exec.resultDagId);
  visitRoot('pins', exec.pins, add);
  add('exec-request', exec.requestId);
  add('exec', exec.sourceExecId);
  add('datum', exec.receiptDatumId);
}

function visitRoot<Role extends PageRole>(role: Role, root: TreeRoot<Role>, add: Add): void {
  if (typeof root === 'string') add('page', root);
  else visitEntries(role, 0, root as readonly PageEntry[], add);
}

function visitEntries(role: PageRole, level: number, entries: readonly PageEntry[], add: Add): void {
  const keyed = isKeyedRole(role);
  for (const entry of entries) {
    if (!isTuple(entry)) visitMember(role, entry, add);
    else if (level === 0) visitLeafPair(role, entry, add);
    else {
      if (keyed) visitMember(role, entry[0] as Element, add);
      add('page', entry[keyed ? 1 : 0] as string);
    }
  }
}

type EntryTuple = readonly (Element | string | number)[];

function isTuple(entry: PageEntry): entry is PageEntry & EntryTuple {
  return Array.isArray(entry);
}

/** Visits what stands alone: an element, an input, or the key of an interior entry. */
function visitMember(role: PageRole, member: Element | string, add: Add): void {
  if (typeof member !== 'string') return;
  if (role === 'list' || role === 'set') add('datum', member);
  else if (role === 'inputs' || role === 'pins' || role === 'requests') add('node', member);
}

function visitLeafPair(role: PageRole, entry: EntryTuple, add: Add): void {
  const key = entry[0] as string;
  const value = entry[1];
  if (role === 'chunks') return add('chunk', key);
  if (role === 'pins' || role === 'requests') add('node', key);
  if (typeof value !== 'string') return;
  if (role === 'map') add('datum', value);
  else if (role === 'names') add('node', value);
  else if (role === 'dags') add('dag', value);
  else add(role === 'pins' ? 'exec' : 'exec-request', value);
}
