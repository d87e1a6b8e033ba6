import type { ObjectIds } from '../ids.ts';
import type { ObjectClass } from '../object-class.ts';
import type { PageEntry } from './entry.ts';
import { isKeyedRole, type PageRole, type TreeRoot } from './page-types.ts';
import type { ShapedType } from './record-shapes.ts';
import type { AnyRecord, Datum, Element } from './record-types.ts';
import { shapeOf } from './shape-codec.ts';

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

function visitRecord(record: AnyRecord, add: Add): void {
  if (record.type === 'datum') visitDatum(record, add);
  else if (record.type === 'page') visitEntries(record.role, record.level, record.entries, add);
  else visitShaped(record, add);
}

type Shaped = Extract<AnyRecord, { readonly type: ShapedType }>;

function visitShaped(record: Shaped, add: Add): void {
  const members = record as unknown as Record<string, unknown>;
  // @spec DML-OBJ-1805
  for (const { member, form } of shapeOf(record.type, members).fields) {
    if (form.is === 'link') add(form.to, members[member] as string | null);
    else if (form.is === 'root') visitRoot(form.role, members[member] as TreeRoot, add);
    else if (form.is === 'links') for (const id of members[member] as readonly string[]) add(form.to, id);
  }
}

function visitDatum(datum: Datum, add: Add): void {
  if (datum.kind === 'uri' && datum.attachmentDatumId !== undefined) add('datum', datum.attachmentDatumId);
  else if (datum.kind === 'blob') visitRoot('chunks', datum.root, add);
  else if (datum.kind === 'list' || datum.kind === 'set' || datum.kind === 'map') {
    visitRoot(datum.kind, datum.root, add);
  }
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
  if (role === 'list' || role === 'set' || role === 'values') add('datum', member);
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
