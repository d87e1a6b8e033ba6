import type { PageRole, TreeRoot } from './page-types.ts';
import type { AnyRecord } from './record-types.ts';
import { shapeOf } from './shape-codec.ts';

/** A search tree that a record holds in one of its root fields. */
export interface OwnedTree {
  readonly role: PageRole;
  readonly root: TreeRoot;
}

/** Returns the search trees that a record holds, in the order of their fields; of a page none. */
export function recordRoots(record: AnyRecord): OwnedTree[] {
  if (record.type === 'page') return [];
  if (record.type === 'datum') {
    if (record.kind === 'blob') return [{ role: 'chunks', root: record.root }];
    return 'root' in record ? [{ role: record.kind, root: record.root }] : [];
  }
  const members = record as unknown as Readonly<Record<string, TreeRoot>>;
  return shapeOf(record.type, members).fields.flatMap(({ member, form }) =>
    form.is === 'root' ? [{ role: form.role, root: members[member]! }] : [],
  );
}
