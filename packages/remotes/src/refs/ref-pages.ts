import {
  decodeRecord,
  hashBytes,
  isDmlError,
  type PageId,
  type PageSource,
  type PageStore,
} from '@daggerml/object-model';
import { GroupIndexes, type LocatedLink } from '../cache/group-indexes.ts';
import { remoteError } from '../errors.ts';
import { planRanges } from '../fetch/plan-ranges.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import type { RemoteFiles } from '../files/remote-files.ts';
import { filePath } from '../format/file-path.ts';
import { recordAt } from '../format/segment.ts';
import type { RemoteState } from '../format/state.ts';
import { FileGone } from '../state/file-gone.ts';

/** Index objects up to this size are read whole. */
const WHOLE_INDEX_BYTES = 32_768;
/** Parts of segments that are read at the same time. */
const PARALLEL_READS = 6;

/** Pages that were read or made before, by their ids. */
export type KnownPages = Map<PageId, Uint8Array>;

/** Pages of the trees of refs of a state, read from the remote as far as they are needed. */
export class RefPages implements PageStore {
  #made: KnownPages = new Map();
  readonly #files: RemoteFiles;
  readonly #known: KnownPages;
  readonly #indexes: GroupIndexes;

  /** Creates pages of a state; what is read is added to `known`. */
  constructor(files: RemoteFiles, { groups }: Pick<RemoteState, 'groups'>, known: KnownPages) {
    this.#files = files;
    this.#known = known;
    const own = groups.filter(({ kind }) => kind === 'refs');
    this.#indexes = new GroupIndexes(files, own, { wholeBytes: WHOLE_INDEX_BYTES });
  }

  getPage(pageId: PageId): Uint8Array | undefined {
    return this.#made.get(pageId) ?? this.#known.get(pageId);
  }

  putPage(bytes: Uint8Array): PageId {
    const pageId = hashBytes<'page'>(bytes);
    // One that is known may be gone from the remote by now, so that it is put again.
    this.#made.set(pageId, bytes);
    return pageId;
  }

  /** Returns the pages that the last {@link run} has made, which are known from now on. */
  takeMade(): KnownPages {
    const made = this.#made;
    this.#made = new Map();
    for (const [pageId, bytes] of made) this.#known.set(pageId, bytes);
    return made;
  }

  /** Runs an operation on trees, again whenever it has found a page that is not here, which is read then. Throws `FileGone`. */
  async run<Result>(act: (pages: PageStore) => Result): Promise<Result> {
    for (;;) {
      this.#made.clear();
      try {
        return act(this);
      } catch (error) {
        const pageId = missingPage(error);
        if (pageId === undefined) throw isDmlError(error) ? this.#damaged(error) : error;
        await this.load([pageId]);
      }
    }
  }

  // @spec DML-REM-0429
  #damaged(cause: unknown): Error {
    return damagedRefs(this.#files.name, cause);
  }

  /** Reads all pages of a tree, level by level. Throws `FileGone`. */
  async loadTree(root: PageId): Promise<void> {
    const seen = new Set<PageId>([root]);
    for (let level: readonly PageId[] = [root]; level.length > 0; ) {
      await this.load(level);
      const below = await this.run(() =>
        level.flatMap((pageId) => childrenOf(this.getPage(pageId) as Uint8Array)),
      );
      level = below.filter((pageId) => !seen.has(pageId));
      for (const pageId of level) seen.add(pageId);
    }
  }

  /** Reads pages that are not here. Throws `FileGone`, and `remote_damaged` for one that no group has. */
  async load(pageIds: readonly PageId[]): Promise<void> {
    // @spec DML-REM-0428
    const absent = [...new Set(pageIds)].filter((pageId) => this.getPage(pageId) === undefined);
    if (absent.length === 0) return;
    const located = await this.#indexes.locate(absent.map((id) => ({ class: 'page', id })));
    if (located.length < absent.length) {
      const found = new Set<string>(located.map(({ id }) => id));
      const objectId = absent.find((pageId) => !found.has(pageId)) as PageId;
      throw remoteError('remote_damaged', {
        remote: this.#files.name,
        path: 'segments',
        detail: 'incomplete',
        class: 'page',
        objectId,
      });
    }
    for await (const [pageId, bytes] of this.#read(located)) this.#known.set(pageId, bytes);
  }

  async *#read(
    located: readonly LocatedLink[],
  ): AsyncGenerator<readonly [PageId, Uint8Array], void, undefined> {
    const bySegment = new Map<string, LocatedLink[]>();
    for (const link of located) {
      const links = bySegment.get(link.segment);
      if (links === undefined) bySegment.set(link.segment, [link]);
      else links.push(link);
    }
    const tasks = [...bySegment].flatMap(([segment, links]) => {
      const path = filePath('segments', segment);
      return planRanges(links).map((range) => async () => ({
        path,
        range,
        part: await this.#files.read(path, range),
      }));
    });
    for await (const { path, range, part } of readAhead(tasks, PARALLEL_READS)) {
      if (part === undefined) throw new FileGone(path);
      for (const { id, offset, length } of range.rows) {
        const at = { id, offset: offset - range.offset, length };
        yield [id as PageId, Uint8Array.from(recordAt(part, at, { remote: this.#files.name, path }))];
      }
    }
  }
}

/** Returns the error that a tree of refs is none. */
export function damagedRefs(remote: string, cause?: unknown): Error {
  return remoteError('remote_damaged', { remote, path: 'trees', detail: 'refs' }, cause);
}

function missingPage(error: unknown): PageId | undefined {
  const isMissing = isDmlError(error) && error.detail === 'page_missing';
  return isMissing ? (error.fields.pageId as PageId) : undefined;
}

/** Returns the pages that a page of a tree of refs leads to. */
function childrenOf(bytes: Uint8Array): PageId[] {
  const { role, level, entries } = decodeRecord(bytes, 'page');
  // Whoever reads the tree finds that it is none.
  return role !== 'heads' || level === 0
    ? []
    : entries.map((entry) => (entry as readonly [string, PageId, number])[1]);
}

/** Returns the ids of all pages of a tree, which are all here. */
export function pagesOfTree(root: PageId, pages: PageSource): Set<PageId> {
  const ids = new Set<PageId>([root]);
  // What is added on the way is visited as well.
  for (const pageId of ids)
    for (const child of childrenOf(pages.getPage(pageId) as Uint8Array)) ids.add(child);
  return ids;
}
