import type { ObjectIds } from '../ids.ts';
import type { ObjectClass } from '../object-class.ts';
import type { PageEntry } from './entry.ts';
import { entryParts } from './entry-parts.ts';
import type { PageRole, TreeRoot } from './page-types.ts';
import { type RecordField, shapeOf } from './record-shapes.ts';
import type { AnyRecord } from './record-types.ts';

/** A link out of a record: the class its place determines, and the id. */
export type ObjectLink = {
  readonly [Class in ObjectClass]: { readonly objectClass: Class; readonly id: ObjectIds[Class] };
}[ObjectClass];

/** A search tree that a record holds in one of its root fields. */
export interface OwnedTree {
  readonly role: PageRole;
  readonly root: TreeRoot;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Returns every link out of a record, in the order of its bytes, repeats included.
 *
 * @spec DML-OBJ-1910
 */
export function recordLinks(record: AnyRecord): readonly ObjectLink[] {
  const links: ObjectLink[] = [];
  const add = (objectClass: ObjectClass, id: unknown): void => {
    if (typeof id === 'string') links.push({ objectClass, id } as ObjectLink);
  };
  if (record.type === 'page') visitEntries(record.role, record.level, record.entries, add);
  // @spec DML-OBJ-1805
  else for (const field of linkedFields(record)) visitField(field, record as unknown as Members, add);
  return links;
}

/** Returns the search trees that a record holds, in the order of their fields; of a page none. */
export function recordRoots(record: AnyRecord): OwnedTree[] {
  const roots: OwnedTree[] = [];
  for (const { form, member } of linkedFields(record)) {
    if (form.is !== 'root') continue;
    roots.push({ role: form.role, root: (record as unknown as Members)[member] as TreeRoot });
  }
  return roots;
}

/** Returns the fields of a record that is no page, if one of them can hold a link. */
function linkedFields(record: AnyRecord): readonly RecordField[] {
  const shape = record.type === 'page' ? undefined : shapeOf(record.type, record);
  return shape === undefined || shape.linkedFields === 0 ? [] : shape.fields;
}

type Add = (objectClass: ObjectClass, id: unknown) => void;

function visitField({ form, member }: RecordField, members: Members, add: Add): void {
  const value = members[member];
  if (form.is === 'link') add(form.to, value);
  else if (form.is === 'links') for (const id of value as readonly string[]) add(form.to, id);
  else if (form.is !== 'root') return;
  else if (typeof value === 'string') add('page', value);
  else visitEntries(form.role, 0, value as readonly PageEntry[], add);
}

function visitEntries(role: PageRole, level: number, entries: readonly PageEntry[], add: Add): void {
  const parts = entryParts(role, level);
  for (const entry of entries) {
    for (let at = 0; at < parts.length; at++) {
      const part = parts[at]!;
      const value = parts.length === 1 ? entry : (entry as readonly unknown[])[at];
      if (part.is === 'link') add(part.to, value);
      else if (part.is === 'element') add('datum', value);
    }
  }
}
