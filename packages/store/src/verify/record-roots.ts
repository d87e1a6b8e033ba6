import type { AnyRecord, PageRole, TreeRoot } from '@daggerml/object-model';

/** A search tree a record owns. */
export interface OwnedTree {
  readonly role: PageRole;
  readonly root: TreeRoot;
}

/** Yields the search trees of a record. */
export function recordRoots(record: AnyRecord): OwnedTree[] {
  switch (record.type) {
    case 'datum':
      if (record.kind === 'list' || record.kind === 'set' || record.kind === 'map')
        return [{ role: record.kind, root: record.root }];
      return record.kind === 'blob' ? [{ role: 'chunks', root: record.root }] : [];
    case 'node':
      return record.kind === 'call' || record.kind === 'builtin'
        ? [{ role: 'inputs', root: record.inputs }]
        : [];
    case 'dag':
      return [{ role: 'names', root: record.names }];
    case 'tree':
      return [{ role: 'dags', root: record.dags }];
    case 'commit':
      return [
        { role: 'pins', root: record.pins },
        { role: 'requests', root: record.requests },
      ];
    case 'exec':
      return record.nodeKind === 'call' ? [{ role: 'pins', root: record.pins }] : [];
    default:
      return [];
  }
}
