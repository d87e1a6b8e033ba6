import { type ExecutionKey, isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import { planRanges } from '../fetch/plan-ranges.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import type { ByteRange } from '../files/remote-files.ts';
import { type Absences, readAbsences } from '../format/absences.ts';
import { CacheIndex, type RowSpan } from '../format/cache-index.ts';
import { type CacheRow, outranks } from '../format/cache-row.ts';
import { CACHE_FANOUT_BYTES, CACHE_HEAD_BYTES, PREFIX_BYTES } from '../format/cache-rows.ts';
import { checkHash, filePath } from '../format/file-path.ts';
import type { Link } from '../format/link.ts';
import type { CacheEntry } from '../format/state.ts';
import type { Remote } from '../remote.ts';
import { FileGone } from '../state/file-gone.ts';
import { type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import { GroupIndexes } from './group-indexes.ts';
import { KeysByPlace } from './keys-by-place.ts';

/** Size up to which a cache index or index object is read whole. */
const WHOLE_BYTES = 4 * 2 ** 20;
/** Bytes that are read for the names in the head of a larger one; more are read where that is not enough. */
const NAMES_BYTES = 65_536;
/** Files that are read at the same time. */
const PARALLEL_READS = 6;
/** Time for which a state is taken for the one in effect. */
const REFRESH_MS = 2_000;
/** States between two readings from which the time is doubled, up to so many times itself. */
const MANY_STATES = 3;
const MAX_SLOWNESS = 8;

export interface CacheViewOptions {
  /** Time for which a state is taken for the one in effect; 2 s by default. */
  readonly refreshMs?: number | undefined;
  /** Size up to which a cache index or index object is read whole; 4 MiB by default. */
  readonly wholeBytes?: number | undefined;
  /** True to read all cache indexes whole, some 160 bytes for each entry. */
  readonly readsAllEntries?: boolean | undefined;
}

/** The cache of a remote as one process sees it: state, cache indexes, index objects, and what was found broken. */
export class CacheView {
  readonly remote: Remote;
  readonly #refreshMs: number;
  readonly #wholeBytes: number;
  readonly #readsAllEntries: boolean;
  #snapshot: RemoteSnapshot | undefined;
  #readMs = 0;
  /** Number of the usual times that pass until the state is read again. */
  #slowness = 1;
  #reading: Promise<RemoteSnapshot> | undefined;
  #next: Promise<RemoteSnapshot> | undefined;
  #indexes: Map<string, CacheIndex> = new Map();
  #groups: GroupIndexes;
  #absences: { readonly file: string | null; readonly absences: Absences } | undefined;
  /** Files that are not there although the state in effect names them. */
  readonly #lost = new Set<string>();

  constructor(
    remote: Remote,
    { refreshMs = REFRESH_MS, wholeBytes = WHOLE_BYTES, readsAllEntries = false }: CacheViewOptions = {},
  ) {
    this.remote = remote;
    this.#readsAllEntries = readsAllEntries;
    this.#refreshMs = refreshMs;
    this.#wholeBytes = wholeBytes;
    this.#groups = new GroupIndexes(remote.files, [], { wholeBytes });
  }

  /** Index objects of the groups of the cache. */
  get groups(): GroupIndexes {
    return this.#groups;
  }

  /** Returns the state in effect, as it was a short time ago at most, with its cache indexes read. */
  async snapshot(): Promise<RemoteSnapshot> {
    // @spec DML-REM-1215
    const known = this.#snapshot;
    if (known !== undefined && this.#now() - this.#readMs < this.#refreshMs * this.#slowness) return known;
    return await this.refresh();
  }

  /** Reads the state in effect; those who ask at the same time share one reading. */
  refresh(): Promise<RemoteSnapshot> {
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Reads the state as it is after the question; those who ask at the same time share one reading. */
  fresh(): Promise<RemoteSnapshot> {
    if (this.#reading === undefined) return this.refresh();
    // One that is under way may have read what was there before.
    this.#next ??= this.#reading.then(noResult, noResult).then(() => {
      this.#next = undefined;
      return this.refresh();
    });
    return this.#next;
  }

  async #refresh(): Promise<RemoteSnapshot> {
    for (;;) {
      const known = this.#snapshot;
      const read = known?.version
        ? await readSnapshot(this.remote.files, known.version)
        : await readSnapshot(this.remote.files);
      this.#readMs = this.#now();
      this.#adapt(known, read);
      if (read === 'unchanged') return known as RemoteSnapshot;
      try {
        await this.adopt(read);
        return read;
      } catch (error) {
        // @spec DML-REM-1222
        if (!(error instanceof FileGone)) throw error;
        const again = await readSnapshot(this.remote.files);
        if (again.version === read.version) this.#lost.add(error.path);
      }
    }
  }

  /** Reads less often where others publish often: each state costs every reader a few requests. @spec DML-REM-1135 */
  #adapt(known: RemoteSnapshot | undefined, read: RemoteSnapshot | 'unchanged'): void {
    if (known === undefined) return;
    const states = read === 'unchanged' ? 0 : read.state.sequence - known.state.sequence;
    if (states > MANY_STATES) this.#slowness = Math.min(MAX_SLOWNESS, this.#slowness * 2);
    else if (states <= 1) this.#slowness = Math.max(1, this.#slowness / 2);
  }

  /** Takes a state as the one in effect; `written` are cache indexes that are here already. */
  async adopt(snapshot: RemoteSnapshot, written: ReadonlyMap<string, CacheIndex> = new Map()): Promise<void> {
    const indexes = new Map<string, CacheIndex>();
    const entries = snapshot.state.caches.filter(({ file }) => !this.#lost.has(filePath('caches', file)));
    const tasks = entries.map((entry) => async () => ({
      entry,
      index: this.#indexes.get(entry.file) ?? written.get(entry.file) ?? (await this.#readOrLose(entry)),
    }));
    for await (const { entry, index } of readAhead(tasks, PARALLEL_READS))
      if (index !== undefined) indexes.set(entry.file, index);
    this.#indexes = indexes;
    this.#groups = this.#groups.of(snapshot.state.groups.filter(({ kind }) => kind === 'cache'));
    this.#snapshot = snapshot;
    this.#readMs = this.#now();
  }

  /**
   * Notes that a file of a state is not there. Where another state is in effect by now that one is read; else the file
   * is lost.
   */
  async #miss(path: string): Promise<void> {
    const before = this.#snapshot?.version;
    const { version } = await this.refresh();
    if (version === before) this.#lost.add(path);
  }

  /** Asks again where a file was gone that the state named: another state is in effect then, or the file is lost. */
  async again<Answer>(ask: (isRepeated: boolean) => Promise<Answer>): Promise<Answer> {
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        return await ask(isRepeated);
      } catch (error) {
        if (!(error instanceof FileGone)) throw error;
        await this.#miss(error.path);
      }
    }
  }

  /** Forgets when the state was read, so that whoever asks next reads it. */
  expire(): void {
    this.#readMs = Number.NEGATIVE_INFINITY;
  }

  /** Checks whether a file that the state in effect names is not there. */
  isLost(path: string): boolean {
    return this.#lost.has(path);
  }

  /** Checks whether the cache is known to have an object; no request is made. */
  has(link: Link): boolean {
    for (const segment of this.#groups.segmentsOf(link))
      if (!this.isLost(filePath('segments', segment))) return true;
    return false;
  }

  /** Returns the tombstones and stubs of the state in effect. */
  async absences(): Promise<Absences> {
    const file = (await this.snapshot()).state.absences;
    if (this.#absences?.file !== file)
      this.#absences = { file, absences: await readAbsences(this.remote.files, file) };
    return this.#absences.absences;
  }

  /** Returns a cache index of the state in effect, as far as it was read. */
  indexOf(file: string): CacheIndex | undefined {
    return this.#indexes.get(file);
  }

  /** Checks whether a key may have an entry, by what is here: no request is made. */
  mayHave(key: ExecutionKey): boolean {
    for (const index of this.#indexes.values()) if (index.find(key) !== undefined) return true;
    return false;
  }

  /** Returns the keys of the entries in effect by place; cache indexes are to be here whole. */
  keysByPlace(): KeysByPlace {
    return new KeysByPlace([...this.#indexes.values()], this.#groups);
  }

  /** Reads a cache index; one that is damaged is as good as lost. @spec DML-REM-1228 */
  async #readOrLose(entry: CacheEntry): Promise<CacheIndex | undefined> {
    try {
      return await this.#read(entry);
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'remote_damaged') throw error;
      this.#lost.add(filePath('caches', entry.file));
      return undefined;
    }
  }

  async #read({ file, bytes: sizeBytes, entries }: CacheEntry): Promise<CacheIndex> {
    const path = filePath('caches', file);
    const origin = { remote: this.remote.files.name, path };
    const isWhole = this.#readsAllEntries || sizeBytes <= this.#wholeBytes;
    let length = isWhole
      ? sizeBytes
      : CACHE_HEAD_BYTES + CACHE_FANOUT_BYTES + entries * PREFIX_BYTES + NAMES_BYTES;
    for (;;) {
      const bytes = await this.remote.files.read(path, { offset: 0, length });
      if (bytes === undefined) throw new FileGone(path);
      if (isWhole) checkHash(path, bytes, this.remote.files.name);
      const index = isWhole
        ? CacheIndex.parse(bytes, origin)
        : CacheIndex.parseHead(bytes, sizeBytes, origin);
      if (index instanceof CacheIndex) {
        if (index.count === entries) return index;
        throw remoteError('remote_damaged', { ...origin, detail: 'entries' });
      }
      if (bytes.length < length) throw remoteError('remote_damaged', { ...origin, detail: 'length' });
      length = index;
    }
  }

  /**
   * Returns the entries of keys, the one in effect first; keys without any are absent. Costs requests only for keys that
   * a cache index read by ranges may have. Throws `FileGone`.
   */
  async entriesOf(keys: Iterable<ExecutionKey>): Promise<Map<ExecutionKey, CacheRow[]>> {
    const found = new Map<ExecutionKey, CacheRow[]>();
    const asked = [...keys];
    const note = (key: ExecutionKey, row: CacheRow): void => {
      const rows = found.get(key) ?? [];
      // Those of older indexes were noted before.
      const at = rows.findIndex((older) => outranks(row, older));
      rows.splice(at < 0 ? rows.length : at, 0, row);
      found.set(key, rows);
    };
    for (const [file, index] of this.#indexes) {
      const spans: KeySpan[] = [];
      for (const key of asked) {
        const span = index.find(key);
        if (span !== undefined) spans.push({ key, span });
      }
      for await (const { key, row } of this.#rows(file, index, spans)) note(key, row);
    }
    return found;
  }

  async *#rows(
    file: string,
    index: CacheIndex,
    spans: readonly KeySpan[],
  ): AsyncGenerator<{ readonly key: ExecutionKey; readonly row: CacheRow }, void, undefined> {
    if (index.isWhole) {
      for (const { key, span } of spans)
        for (let number = span.from; number < span.to; number += 1) {
          const row = index.row(number);
          if (row.executionKey === key) yield { key, row };
        }
      return;
    }
    const path = filePath('caches', file);
    // @spec DML-REM-1216
    const ranges = planRanges(spans.map((each) => ({ ...each, ...index.rangesOf(each.span).rows })));
    const read = (range: ByteRange): Promise<Uint8Array | undefined> => this.remote.files.read(path, range);
    const tasks = ranges.map((range) => async () => {
      const first = range.rows[0] as KeySpan;
      const last = range.rows.at(-1) as KeySpan;
      const { rows, signatures } = index.rangesOf({ from: first.span.from, to: last.span.to });
      const [rowBytes, signatureBytes] = await Promise.all([read(rows), signatures && read(signatures)]);
      return { first, range, rowBytes, signatureBytes };
    });
    for await (const { first, range, rowBytes, signatureBytes } of readAhead(tasks, PARALLEL_READS)) {
      if (rowBytes === undefined) throw new FileGone(path);
      for (const { key, span } of range.rows)
        for (let number = span.from; number < span.to; number += 1) {
          const row = index.rowIn(
            bufferOf(rowBytes),
            signatureBytes && bufferOf(signatureBytes),
            number - first.span.from,
          );
          if (row?.executionKey === key) yield { key, row };
        }
    }
  }

  #now(): number {
    return this.remote.clock.now();
  }
}

function noResult(): void {}

interface KeySpan {
  readonly key: ExecutionKey;
  readonly span: RowSpan;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
