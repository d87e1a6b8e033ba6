import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import type { PageRole } from '../records/page-types.ts';
import { fnv1a32, PageBoundary } from './boundary.ts';
import { LINK_ID_OFFSET } from './element-bytes.ts';
import { ENTRY_CODECS, type KeyForm } from './entry-codec.ts';
import { skipItem, skipText, textStart } from './item-span.ts';

/** A page that has just been completed; its bytes are only valid until the builder takes the next entry. */
export interface BuiltPage {
  readonly count: number;
  /** Leaf entries below, bytes for chunks. */
  readonly weight: number;
  /** The encoded entries. */
  readonly entries: Uint8Array;
  /** The key of the last entry as an item; empty for positional roles. */
  readonly lastKey: Uint8Array;
}

/** Cuts the entries of one level into pages. */
export class LevelBuilder {
  /** Entries of the open page; append one, then call {@link added}. */
  readonly sink: CborWriter;
  readonly #keyForm: KeyForm;
  readonly level: number;
  readonly #boundary: PageBoundary;
  readonly #complete: (page: BuiltPage) => void;
  #weight = 0;
  #lastStart = 0;
  #closed = false;
  /** Span of the ordering bytes of the last entry. */
  keyStart = 0;
  keyEnd = 0;

  constructor(
    role: PageRole,
    level: number,
    complete: (page: BuiltPage) => void,
    sink: CborWriter = new CborWriter(),
  ) {
    this.sink = sink;
    sink.reset();
    this.#keyForm = ENTRY_CODECS[role].keyForm;
    this.level = level;
    this.#boundary = new PageBoundary(this.#keyForm === 'none', level);
    this.#complete = complete;
  }

  /** Entries of the page that is open, or complete and not handed over. */
  get count(): number {
    return this.#boundary.count;
  }

  /** True when the next entry starts a page. */
  get atPageStart(): boolean {
    return this.#closed || this.#boundary.count === 0;
  }

  /** Hands over a complete page, so that the sink is ready for the next entry. */
  prepare(): void {
    if (this.#closed) this.flush();
  }

  /** Takes the entry that was appended to the sink at `start`. */
  added(start: number, weight: number): void {
    const { sink } = this;
    const end = sink.length;
    this.#lastStart = start;
    this.#weight += weight;
    // @spec DML-OBJ-2033
    if (!Number.isSafeInteger(this.#weight)) fail('integer_range');
    this.#close(sink.bytes, start, end);
  }

  /** Takes an encoded entry of a page that is judged and not built: nothing of it is kept. */
  pass(bytes: Uint8Array, start: number, end: number): void {
    this.#close(bytes, start, end);
  }

  #close(bytes: Uint8Array, start: number, end: number): void {
    this.#locate(bytes, start, end);
    // @spec DML-OBJ-2002
    this.#closed = this.#boundary.add(fnv1a32(bytes, this.keyStart, this.keyEnd), end - start);
  }

  /** Copies an encoded entry. */
  push(bytes: Uint8Array, start: number, end: number, weight: number): void {
    this.prepare();
    const at = this.sink.length;
    this.sink.rawRange(bytes, start, end);
    this.added(at, weight);
  }

  /** Hands over the page as it stands, if it has entries. */
  flush(): void {
    if (this.#boundary.count === 0) return;
    this.#complete(this.page());
    this.#boundary.reset();
    this.sink.reset();
    this.#weight = 0;
    this.#closed = false;
  }

  /** Returns the page as it stands. */
  page(): BuiltPage {
    const { sink } = this;
    const lastKey = this.#lastKeySpan();
    return {
      count: this.#boundary.count,
      weight: this.#weight,
      entries: sink.bytes.subarray(0, sink.length),
      lastKey: sink.bytes.subarray(lastKey[0], lastKey[1]),
    };
  }

  /** Sets the span that is hashed: key bytes, whole element, or the id of the child. */
  #locate(bytes: Uint8Array, start: number, end: number): void {
    const interior = this.level > 0;
    this.keyStart = start;
    this.keyEnd = end;
    if (this.#keyForm === 'link') {
      this.keyStart = start + 1 + LINK_ID_OFFSET;
      this.keyEnd = start + 1 + LINK_BYTES;
    } else if (this.#keyForm === 'text') {
      this.keyStart = textStart(bytes, start + 1);
      this.keyEnd = skipText(bytes, start + 1, end);
    } else if (interior && this.#keyForm === 'element') {
      this.keyStart = start + 1;
      this.keyEnd = skipItem(bytes, start + 1, end);
    } else if (interior) {
      this.keyStart = start + 1 + LINK_ID_OFFSET;
      this.keyEnd = start + 1 + LINK_BYTES;
    }
  }

  #lastKeySpan(): readonly [number, number] {
    if (this.#keyForm === 'none') return [0, 0];
    if (this.#keyForm === 'element') return [this.keyStart, this.keyEnd];
    return [this.#lastStart + 1, this.keyEnd];
  }
}

/**
 * Appends the entry that stands for a page in the level above; returns its start offset.
 *
 * @spec DML-OBJ-2005
 */
export function writeInterior(sink: CborWriter, page: BuiltPage, pageId: string): number {
  const start = sink.length;
  const keyed = page.lastKey.length > 0;
  sink.byte(keyed ? 0x83 : 0x82);
  if (keyed) sink.raw(page.lastKey);
  sink.link(CODEC_DAG_CBOR, pageId);
  sink.head(0, page.weight);
  return start;
}
