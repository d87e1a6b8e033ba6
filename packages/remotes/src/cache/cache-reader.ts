import type { CallExec, ExecId, ExecutionKey } from '@daggerml/object-model';
import { type Absences, isExcised } from '../format/absences.ts';
import type { CacheRow } from '../format/cache-row.ts';
import { type Link, type LinkedObject, LinkSet } from '../format/link.ts';
import type { ExecTrust } from '../signatures/exec-signature.ts';
import type { CacheView } from './cache-view.ts';
import type { GroupIndexes } from './group-indexes.ts';
import { OutcomePool, partOf } from './outcome-pool.ts';
import { answeringExec, linksIn, ownIds, walkOutcome } from './walk-outcome.ts';

/** An outcome as the cache of a remote answers it: verified, and complete. */
export interface CachedOutcome {
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  /** The exec and what it is made of, without what came with an earlier outcome of the same question or need not be read. */
  readonly objects: readonly LinkedObject[];
}

/** Bytes that are read for one part of a question. */
const PART_BYTES = 32 * 2 ** 20;
/** Keys of the first part, which is answered soon; each next part has twice as many. */
const FIRST_PART_KEYS = 256;
/** Bytes between two entries that are read rather than asking twice. */
const GAP_BYTES = 65_536;

/** Checks whether an object is here with all that it reaches. */
export type IsHere = (link: Link) => boolean;

/** Choice among outcomes for somebody who asks for keys without knowing what they are of. */
export interface OutcomeChoice {
  isWanted(exec: CallExec, executionKey: ExecutionKey): boolean;
  /** Checks whether the function or an input value of a call is here; one that is not is read as well. */
  hasOwn(id: string): boolean;
}

export interface CacheReaderOptions {
  /** Judge of entries; all are trusted by default. */
  readonly trust?: ExecTrust | undefined;
  /** Hears of the signer and key of each entry that is not trusted; the signer is undefined for one that is not signed. */
  readonly onUntrusted?: ((signer: string | undefined, executionKey: ExecutionKey) => void) | undefined;
}

/** Answers execution keys by the cache of a remote. */
export class CacheReader {
  readonly #view: CacheView;
  /** Objects that the cache should have and has not, or not as they should be. */
  readonly lost: LinkSet = new LinkSet();
  /** Keys of which an entry was found broken. */
  readonly brokenKeys: Set<ExecutionKey> = new Set();
  /** Numbers of entries that are of no use here, by key: what is published has a greater one. */
  readonly #outdone: Map<ExecutionKey, number> = new Map();
  readonly #options: CacheReaderOptions;

  constructor(view: CacheView, options: CacheReaderOptions = {}) {
    this.#view = view;
    this.#options = options;
  }

  /** Checks whether the entry in effect of a key is of no use here: broken, or not trusted. */
  isOutdone(row: CacheRow): boolean {
    return row.fencing <= (this.#outdone.get(row.executionKey) ?? -1) || !this.#accepts(row);
  }

  #accepts({ execId, signature }: CacheRow): boolean {
    return this.#options.trust?.accepts(execId, signature) !== false;
  }

  #outdo({ executionKey, fencing }: CacheRow): void {
    this.#outdone.set(executionKey, Math.max(fencing, this.#outdone.get(executionKey) ?? 0));
  }

  /** Returns the entries that may be used; of the others somebody is told. */
  #trusted(rows: readonly CacheRow[]): readonly CacheRow[] {
    if (this.#options.trust === undefined) return rows;
    return rows.filter((row) => {
      // @spec DML-EXE-0716
      if (this.#accepts(row)) return true;
      this.#outdo(row);
      this.#options.onUntrusted?.(row.signature?.signer, row.executionKey);
      return false;
    });
  }

  /**
   * Looks up keys and yields the outcomes of some of them at a time; keys without one are in none, and those whose
   * outcome is not chosen neither. Throws what the remote's files throw.
   *
   * @spec DML-REM-1227
   */
  async *lookUp(
    keys: readonly ExecutionKey[],
    isHere: IsHere = () => false,
    choice?: OutcomeChoice,
  ): AsyncGenerator<ReadonlyMap<ExecutionKey, CachedOutcome>, void, undefined> {
    // @spec DML-REM-1223
    await this.#view.snapshot();
    const entries = await this.#view.again(() => this.#view.entriesOf(keys));
    const delivered: Delivered = { whole: new LinkSet(), sent: new LinkSet(), isHere, choice };
    for (const part of partsOf(entries, this.#view.groups)) {
      const found = new Map<ExecutionKey, CachedOutcome>();
      await this.#view.again(async (isRepeated) => {
        const open = [...part.keys()].filter((key) => !found.has(key));
        const rows = isRepeated ? await this.#view.entriesOf(open) : part;
        await this.#readPart(rows, found, delivered);
      });
      if (found.size > 0) yield found;
    }
  }

  async #readPart(
    part: ReadonlyMap<ExecutionKey, readonly CacheRow[]>,
    found: Map<ExecutionKey, CachedOutcome>,
    delivered: Delivered,
  ): Promise<void> {
    const absences = await this.#view.absences();
    const pool = new OutcomePool(this.#view);
    let open = [...part].map(([key, rows]): OpenKey => ({ key, rows: this.#trusted(rows), at: 0 }));
    open = open.filter(({ rows }) => rows.length > 0);
    while (open.length > 0) {
      await pool.readParts(open.map(currentRow));
      const refused = await this.#settle(open, found, { pool, absences, delivered });
      for (const each of refused) {
        this.#outdo(currentRow(each));
        this.brokenKeys.add(each.key);
      }
      // Where the one in effect is broken, another one may do.
      open = refused.map((each) => ({ ...each, at: each.at + 1 })).filter(({ at, rows }) => at < rows.length);
    }
  }

  /** Finds the outcomes of entries that are complete, and returns the others. */
  async #settle(
    asked: readonly OpenKey[],
    found: Map<ExecutionKey, CachedOutcome>,
    surroundings: Surroundings,
  ): Promise<OpenKey[]> {
    const { pool, delivered } = surroundings;
    await this.#readLinks(
      asked.map(execOf).filter((link) => pool.get(link) === undefined),
      pool,
    );
    const refused: OpenKey[] = [];
    let open = asked.filter((each) => isChosen(each, pool, delivered.choice));
    await this.#readAll(open.map(execOf), surroundings, leftIdsOf(open, surroundings));
    while (open.length > 0) {
      const missing: Link[] = [];
      const again: OpenKey[] = [];
      for (const each of open) {
        const outcome = this.#outcomeOf(each, surroundings);
        if (outcome !== undefined && 'execId' in outcome) {
          found.set(each.key, outcome);
          continue;
        }
        const wanted = outcome?.missing.filter(
          (link) => pool.get(link) === undefined && !pool.broken.has(link),
        );
        missing.push(...(wanted ?? []));
        (wanted && wanted.length > 0 ? again : refused).push(each);
      }
      // Inputs of one outcome are left out, unless another one needs them.
      await this.#readAll(missing, surroundings, new Set());
      open = again;
    }
    return refused;
  }

  /** Returns the outcome of an entry, what is missing of it, or undefined where it is none. */
  #outcomeOf(
    each: OpenKey,
    { pool, absences, delivered }: Surroundings,
  ): CachedOutcome | { readonly missing: readonly Link[] } | undefined {
    const { execId, status } = currentRow(each);
    const root = execOf(each);
    const bytes = pool.get(root);
    const exec = bytes && answeringExec(bytes, each.key);
    if (exec === undefined || exec.status !== status) return undefined;
    const { objects, missing } = walkOutcome(root, leftIds(exec, delivered.choice), {
      // @spec DML-REM-1226
      bytesOf: (link) => (isExcised(absences, link) ? undefined : pool.get(link)),
      // Asking a store for what was read anyway would take longer than taking it again.
      isWhole: (link) =>
        delivered.whole.has(link) || (pool.get(link) === undefined && delivered.isHere(link)),
    });
    if (missing.some((link) => isExcised(absences, link))) return undefined;
    // @spec DML-REM-1205
    if (missing.length > 0) return { missing };
    const sent: LinkedObject[] = [];
    for (const { isWhole, ...object } of objects) {
      if (isWhole) delivered.whole.add(object);
      if (delivered.sent.add(object)) sent.push(object);
    }
    return { execId, status, objects: sent };
  }

  /** Reads objects and all that they reach, level by level, as far as the cache has it. */
  async #readAll(
    roots: readonly Link[],
    { pool, delivered }: Surroundings,
    left: ReadonlySet<string>,
  ): Promise<void> {
    const seen = new Set<string>();
    const open: Link[] = [];
    const visit = (link: Link): void => {
      if (seen.has(link.id) || left.has(link.id)) return;
      seen.add(link.id);
      open.push(link);
    };
    roots.forEach(visit);
    while (open.length > 0) {
      const absent: Link[] = [];
      for (let link = open.pop(); link !== undefined; link = open.pop()) {
        if (delivered.whole.has(link) || pool.broken.has(link)) continue;
        const bytes = pool.get(link);
        if (bytes !== undefined) linksIn({ ...link, bytes })?.forEach(visit);
        else if (!delivered.isHere(link)) absent.push(link);
      }
      await this.#readLinks(absent, pool);
      for (const link of absent) open.push(link);
    }
  }

  async #readLinks(links: readonly Link[], pool: OutcomePool): Promise<void> {
    if (links.length === 0) return;
    await pool.readLinks(links);
    for (const link of links) if (pool.broken.has(link)) this.lost.add(link);
  }
}

/** A key that is not answered yet, and which of its entries is looked at. */
interface OpenKey {
  readonly key: ExecutionKey;
  readonly rows: readonly CacheRow[];
  readonly at: number;
}

/** Objects that were delivered for a question: `whole` with all that they reach. */
interface Delivered {
  readonly whole: LinkSet;
  readonly sent: LinkSet;
  readonly isHere: IsHere;
  readonly choice: OutcomeChoice | undefined;
}

interface Surroundings {
  readonly pool: OutcomePool;
  readonly absences: Absences;
  readonly delivered: Delivered;
}

function currentRow({ rows, at }: OpenKey): CacheRow {
  return rows[at] as CacheRow;
}

function execOf(each: OpenKey): Link {
  return { class: 'exec', id: currentRow(each).execId };
}

/** Returns the exec of an entry, where it was read and answers its key. */
function readExec(each: OpenKey, pool: OutcomePool): CallExec | undefined {
  const bytes = pool.get(execOf(each));
  return bytes && answeringExec(bytes, each.key);
}

/** Checks whether an entry is chosen; one whose exec cannot be read is, and is found to be broken then. */
function isChosen(each: OpenKey, pool: OutcomePool, choice: OutcomeChoice | undefined): boolean {
  const exec = choice && readExec(each, pool);
  return exec === undefined || choice?.isWanted(exec, each.key) === true;
}

/** Returns the ids that an outcome leaves out: what is its own, as far as whoever asks has that. */
function leftIds(exec: CallExec, choice: OutcomeChoice | undefined): ReadonlySet<string> {
  const ids = ownIds(exec);
  // @spec DML-REM-1834
  return choice === undefined ? ids : new Set([...ids].filter((id) => choice.hasOwn(id)));
}

/** Returns the ids that some outcome leaves out. */
function leftIdsOf(asked: readonly OpenKey[], { pool, delivered }: Surroundings): Set<string> {
  const ids = new Set<string>();
  for (const each of asked) {
    const exec = readExec(each, pool);
    if (exec) for (const id of leftIds(exec, delivered.choice)) ids.add(id);
  }
  return ids;
}

/** Returns entries by place, so many at a time that what they point to fits into the memory of a part. */
function* partsOf(
  entries: ReadonlyMap<ExecutionKey, readonly CacheRow[]>,
  groups: GroupIndexes,
): Generator<Map<ExecutionKey, readonly CacheRow[]>, void, undefined> {
  const sorted = [...entries].map(([key, rows]) => {
    const part = partOf(rows[0] as CacheRow);
    return { key, rows, part, number: groups.segmentNumber(part.segment) };
  });
  // The oldest first: what several outcomes share was put with the first of them.
  sorted.sort((left, right) => compare(left.number, right.number) || left.part.offset - right.part.offset);
  let part = new Map<ExecutionKey, readonly CacheRow[]>();
  let total = 0;
  let maxKeys = FIRST_PART_KEYS;
  let last: { readonly segment: string; readonly end: number } | undefined;
  for (const { key, rows, part: of } of sorted) {
    const gap = last?.segment === of.segment ? Math.min(Math.max(0, of.offset - last.end), GAP_BYTES) : 0;
    const { before, length } = (rows[0] as CacheRow).place;
    const size = gap + before + length;
    if (part.size >= maxKeys || (part.size > 0 && total + size > PART_BYTES)) {
      yield part;
      maxKeys *= 2;
      part = new Map();
      total = 0;
    }
    part.set(key, rows);
    total += size;
    last = { segment: of.segment, end: of.offset + of.length };
  }
  if (part.size > 0) yield part;
}

function compare(left: number, right: number): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
