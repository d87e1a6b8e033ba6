import type { PageId } from '../ids.ts';
import type { PageRole, TreeRoot } from '../records/page-types.ts';
import type { PageSource } from './page-store.ts';
import { PageReader } from './page-view.ts';

/** A stored page of a tree; its record is only read when it is walked into. */
export interface TreePage {
  readonly pageId: PageId;
  /** Undefined for the top page before it is read. */
  readonly level: number | undefined;
}

/**
 * Lists the stored pages of a tree, parents before children, in order; an embedded leaf is not one of them.
 *
 * `skip` is asked before a page is listed: a page for which it returns true is neither listed nor read, nor is what is below.
 *
 * @spec DML-OBJ-2032
 */
export function* treePages<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  pages: PageSource,
  skip: (pageId: PageId) => boolean = () => false,
): IterableIterator<TreePage> {
  if (typeof root !== 'string') return;
  const reader = new PageReader(role, pages);
  const pending: TreePage[] = [{ pageId: root, level: undefined }];
  for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
    if (skip(page.pageId)) continue;
    yield page;
    if (page.level === 0) continue;
    const view = reader.read(page.pageId, page.level);
    if (view.level === 0) continue;
    for (let index = view.length - 1; index >= 0; index--) {
      pending.push({ pageId: view.childId(index), level: view.level - 1 });
    }
  }
}
