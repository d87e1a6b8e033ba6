import {
  buildTree,
  type CommitId,
  type PageId,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import type { RemoteFiles } from '../files/remote-files.ts';
import type { GroupEntry } from '../format/group.ts';
import {
  isInTree,
  nameInTree,
  REF_KINDS,
  type RefKind,
  type RefMap,
  type RefTree,
  type RefTrees,
  refBytes,
  refKindOf,
} from '../format/ref-trees.ts';
import type { RemoteState } from '../format/state.ts';
import { GroupWriter } from '../push/put-groups.ts';
import type { Remote } from '../remote.ts';
import { damagedRefs, type KnownPages, pagesOfTree, RefPages } from './ref-pages.ts';

/** A ref that is another afterwards; null where there is none. */
export interface RefChange {
  /** Name without `refs/`. */
  readonly key: string;
  readonly before: CommitId | null;
  readonly after: CommitId | null;
}

/** Refs of a state as it is written, and the group of the pages that were put for them. */
export interface WrittenRefs {
  readonly refs: RefMap;
  readonly trees: RefTrees | undefined;
  readonly group: GroupEntry | undefined;
}

/** Refs of a state, wherever they stand. */
export class RemoteRefs {
  readonly #files: RemoteFiles;
  readonly #state: RemoteState;
  readonly #pages: RefPages;

  constructor(files: RemoteFiles, state: RemoteState, known: KnownPages) {
    this.#files = files;
    this.#state = state;
    this.#pages = new RefPages(files, state, known);
  }

  /** Returns those of some refs that there are, by their names without `refs/`; O(log n) for each. Throws `FileGone`. */
  async some(keys: readonly string[]): Promise<RefMap> {
    const { refs, trees } = this.#state;
    const found: Record<string, CommitId> = Object.create(null);
    for (const key of keys) {
      const tree = trees?.[refKindOf(key)];
      if (tree === undefined) {
        if (Object.hasOwn(refs, key)) found[key] = refs[key] as CommitId;
        continue;
      }
      // @spec DML-REM-0425
      const entry = await this.#pages.run((pages) => treeGet('heads', tree.root, nameInTree(key), pages));
      if (entry !== undefined) found[key] = entry[1];
    }
    return found;
  }

  /** Returns all refs, or those of one kind, by their names without `refs/`. Throws `FileGone`. */
  async all(only?: RefKind): Promise<RefMap> {
    const { refs, trees } = this.#state;
    if (trees === undefined && only === undefined) return refs;
    const found: Record<string, CommitId> = Object.create(null);
    for (const [key, commitId] of Object.entries(refs))
      if (only === undefined || refKindOf(key) === only) found[key] = commitId;
    for (const kind of REF_KINDS) {
      const tree = trees?.[kind];
      if (tree === undefined || (only !== undefined && only !== kind)) continue;
      await this.#pages.loadTree(tree.root);
      const entries = await this.#pages.run((pages) => [...treeEntries('heads', tree.root, pages)]);
      if (entries.length !== tree.count) throw damagedRefs(this.#files.name);
      for (const [name, commitId] of entries) found[`${kind}/${name}`] = commitId;
    }
    return found;
  }

  /** Returns the pages of all trees. Throws `FileGone`. */
  async pageIds(): Promise<ReadonlySet<string>> {
    const ids = new Set<string>();
    for (const kind of REF_KINDS) {
      const root = this.#state.trees?.[kind]?.root;
      if (root === undefined) continue;
      await this.#pages.loadTree(root);
      for (const pageId of pagesOfTree(root, this.#pages)) ids.add(pageId);
    }
    return ids;
  }

  /** Puts the pages of changed refs, and returns the refs of the next state. Throws `FileGone`. */
  async write(remote: Remote, changes: readonly RefChange[], segmentBytes?: number): Promise<WrittenRefs> {
    const refs: Record<string, CommitId> = { ...this.#state.refs };
    const trees: { [kind in RefKind]?: RefTree | undefined } = { ...this.#state.trees };
    const put: KnownPages = new Map();
    // A ref that is named twice counts once.
    const unique = [...new Map(changes.map((change) => [change.key, change])).values()];
    for (const kind of REF_KINDS) {
      const own = unique.filter(({ key }) => refKindOf(key) === kind);
      if (own.length === 0) continue;
      const before = trees[kind];
      delete trees[kind];
      const after = before === undefined ? changed(refs, own) : await this.#edited(before, own, refs);
      const tree = after ?? (await this.#built(refs, kind));
      if (tree === undefined) continue;
      trees[kind] = tree;
      for (const [pageId, bytes] of this.#pages.takeMade()) put.set(pageId, bytes);
    }
    const group = await putPages(remote, put, { epoch: this.#state.epoch, segmentBytes });
    return { refs, trees: Object.keys(trees).length === 0 ? undefined : trees, group };
  }

  /** Returns a tree with changes; undefined where its refs are too few for one, which are added to `refs` then. */
  async #edited(
    { bytes, count, root }: RefTree,
    changes: readonly RefChange[],
    refs: Record<string, CommitId>,
  ): Promise<RefTree | undefined> {
    const size = { bytes, count };
    for (const { key, before, after } of changes) {
      const added = (after === null ? 0 : 1) - (before === null ? 0 : 1);
      size.count += added;
      size.bytes += added * refBytes(key);
    }
    const edits = changes.map(({ key, after }) => {
      const name = nameInTree(key);
      return after === null ? { deleteKey: name } : { set: [name, after] as const };
    });
    // @spec DML-REM-0424
    const next = await this.#pages.run((pages) => treeEdit('heads', root, edits, pages));
    if (isInTree(size)) return { ...size, root: pageOf(next) };
    this.#pages.takeMade();
    const left = await this.#pages.run((pages) => [...treeEntries('heads', next, pages)]);
    const [first] = changes;
    const kind = refKindOf((first as RefChange).key);
    for (const [name, commitId] of left) refs[`${kind}/${name}`] = commitId;
    return undefined;
  }

  /** Takes the refs of a kind into a tree where there are many; undefined otherwise. */
  async #built(refs: Record<string, CommitId>, kind: RefKind): Promise<RefTree | undefined> {
    const keys = Object.keys(refs).filter((key) => refKindOf(key) === kind);
    const size = { count: keys.length, bytes: keys.reduce((sum, key) => sum + refBytes(key), 0) };
    if (!isInTree(size)) return undefined;
    const entries = keys.map((key) => [nameInTree(key), refs[key] as CommitId] as const);
    entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    for (const key of keys) delete refs[key];
    const root = await this.#pages.run((pages) => buildTree('heads', entries, pages));
    return { ...size, root: pageOf(root) };
  }
}

/** Changes refs in place. */
function changed(refs: Record<string, CommitId>, changes: readonly RefChange[]): undefined {
  for (const { key, after } of changes)
    if (after === null) delete refs[key];
    else refs[key] = after;
}

/** Returns the root of a tree, which is a page: so many refs are more than one holds. */
function pageOf(root: TreeRoot<'heads'>): PageId {
  if (typeof root !== 'string') throw new TypeError('many refs in one page');
  return root;
}

/** Puts pages into a group; undefined where there are none. */
async function putPages(
  remote: Remote,
  pages: KnownPages,
  { epoch, segmentBytes }: { readonly epoch: number; readonly segmentBytes: number | undefined },
): Promise<GroupEntry | undefined> {
  if (pages.size === 0) return undefined;
  const writer = new GroupWriter(remote, { epoch, kind: 'refs', segmentBytes });
  try {
    for (const [id, bytes] of pages) {
      const put = writer.add({ class: 'page', id, bytes });
      if (put !== undefined) await put;
    }
    return await writer.finish();
  } finally {
    await writer.abandon();
  }
}
