import { hexOf } from '../bytes.ts';
import { isCidField, LINK_BYTES } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR } from '../cbor/value.ts';
import { entryParts } from './entry-parts.ts';
import { type FieldForm, RECORD_SHAPES } from './record-shapes.ts';
import type { Records } from './record-types.ts';

/** The id inside a link starts after tag, byte string head and CID prefix. */
const LINK_ID_OFFSET = 9;

/** Checks whether a whole link to a record stands at an offset. */
export function isRecordLink(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0xd8 &&
    bytes[at + 1] === 0x2a &&
    bytes[at + 2] === 0x58 &&
    bytes[at + 3] === 0x25 &&
    bytes[at + 6] === CODEC_DAG_CBOR &&
    isCidField(bytes, at + 4) &&
    at + LINK_BYTES <= bytes.length
  );
}

/** Returns the id of the link at an offset. */
export function linkId(bytes: Uint8Array, at: number): string {
  return hexOf(bytes, at + LINK_ID_OFFSET, at + LINK_BYTES);
}

const SELECTOR = RECORD_SHAPES.exec.selector!;

/**
 * Decodes an exec whose trees are short arrays of links; undefined for any other and for what is malformed, which the
 * general codec reads or refuses.
 */
export function readExec(bytes: Uint8Array): Records['exec'] | undefined {
  const shape = SELECTOR.byNumber[bytes[3 + SELECTOR.at * LINK_BYTES] ?? 0];
  if (shape === undefined || bytes[0] !== 0x80 + shape.fields.length + 2) return undefined;
  const reader = new TemplateReader(bytes, 3);
  const record: Record<string, unknown> = { ...shape.blank };
  const { fields } = shape;
  for (let at = 0; at < fields.length; at++) {
    const { form, member } = fields[at]!;
    const value = reader.field(form);
    if (value !== undefined) record[member] = value;
  }
  if (!reader.isDone) return undefined;
  shape.check?.(record as never);
  return record as unknown as Records['exec'];
}

/**
 * Reads items that have the expected form one after another.
 *
 * An item of another form sets {@link isOdd}; the general codec then refuses or reads it.
 */
class TemplateReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** Set once an item had another form; what was read is then meaningless. */
  isOdd = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** True when everything was read and expected. */
  get isDone(): boolean {
    return !this.isOdd && this.#at === this.#bytes.length;
  }

  /** Reads a field; undefined for one that stands for nothing in memory. */
  field(form: FieldForm): unknown {
    switch (form.is) {
      case 'link':
        return form.or === 'null' ? this.#optionalLink() : this.#link();
      case 'root':
        return this.#links(entryParts(form.role, 0).length === 1);
      case 'uint':
        return this.#time(form.or === 'null');
      case 'choice':
        return this.#choice(form.names);
      case 'selector':
        return this.#expect(form.number);
      case 'nothing':
        return this.#expect(form.as === 'array' ? 0x80 : 0xf6);
      default:
        return this.#odd(undefined);
    }
  }

  #expect(byte: number): undefined {
    if (this.#bytes[this.#at++] !== byte) this.isOdd = true;
  }

  #choice(names: readonly string[]): string {
    return names[this.#bytes[this.#at++]! - 1] ?? this.#odd('');
  }

  #links(mayHaveAny: boolean): readonly string[] {
    const count = (this.#bytes[this.#at++] ?? 0) - 0x80;
    if (count < 0 || count > (mayHaveAny ? 23 : 0)) return this.#odd([]);
    const ids: string[] = [];
    while (ids.length < count) ids.push(this.#link());
    return ids;
  }

  #link(): string {
    const at = this.#at;
    if (this.isOdd || !isRecordLink(this.#bytes, at)) return this.#odd('');
    this.#at += LINK_BYTES;
    return linkId(this.#bytes, at);
  }

  #optionalLink(): string | null {
    if (this.#bytes[this.#at] !== 0xf6) return this.#link();
    this.#at++;
    return null;
  }

  /** Reads an integer from 2^32 to 2^53-1, as times are, a small one, or null. */
  #time(mayBeNull: boolean): number | null {
    const first = this.#bytes[this.#at++] ?? 0;
    if (first === 0xf6 && mayBeNull) return null;
    if (first < 24) return first;
    if (first !== 0x1b || this.#at + 8 > this.#bytes.length) return this.#odd(null);
    let high = 0;
    let low = 0;
    for (let index = 0; index < 4; index++) high = high * 256 + this.#bytes[this.#at++]!;
    for (let index = 0; index < 4; index++) low = low * 256 + this.#bytes[this.#at++]!;
    return high === 0 || high >= 0x20_0000 ? this.#odd(null) : high * 0x1_0000_0000 + low;
  }

  #odd<Value>(value: Value): Value {
    this.isOdd = true;
    return value;
  }
}
