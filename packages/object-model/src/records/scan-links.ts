import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { fail } from '../errors.ts';
import { byTypeNumber, type ObjectClass } from '../object-class.ts';
import { HIGHEST_DATUM_KIND } from './datum-kind.ts';
import { checkHeader, checkKind, headNumber } from './decode-record.ts';
import { type EntryPart, entryParts } from './entry-parts.ts';
import { type PageRole, pageRoleOf } from './page-types.ts';
import { RECORD_SHAPES, type RecordShape, type RecordShapes } from './record-shapes.ts';

/** Receives one link: its class, and where its 32 id bytes start in the record. */
export type LinkVisitor = (objectClass: ObjectClass, idOffset: number) => void;

/**
 * Visits every link of an encoded record in byte order without decoding it or allocating.
 *
 * `bytes` must be a record that {@link decodeRecord} accepts or refuses as newer, such as one whose hash was checked;
 * for other bytes the links are meaningless or a `DmlError` is thrown, nothing worse. Throws as decoding does for a
 * newer format, whose links are unknown; some may have been visited by then.
 *
 * @spec DML-OBJ-1911
 */
export function scanLinks(bytes: Uint8Array, visit: LinkVisitor): void {
  const type = checkHeader(bytes);
  checkKind(bytes);
  if (type === 'page') return new LinkWalk(bytes, visit).page(bytes[3]!, bytes[4]!);
  const shape = shapeOfBytes(bytes);
  if (shape.linkedFields > 0) new LinkWalk(bytes, visit).fields(shape);
}

const SHAPES: readonly (RecordShapes | undefined)[] = byTypeNumber(RECORD_SHAPES);

function shapeOfBytes(bytes: Uint8Array): RecordShape {
  const { shapes, selector } = SHAPES[bytes[2]!]!;
  if (selector === undefined) return shapes[0]!;
  // A selector stands in one of the first places, behind links alone.
  const byte = bytes[3 + selector.at * LINK_BYTES]!;
  const shape = selector.byNumber[byte];
  if (shape !== undefined) return shape;
  checkRegistered(byte, selector.byNumber.length - 1);
  return fail(selector.other);
}

/** Throws where the integer that begins with a byte is above the highest one known in its place. */
function checkRegistered(byte: number, highest: number): void {
  const number = headNumber(byte);
  if (number !== undefined && number > highest) fail('newer_kind');
}

/** A position in a record, behind its header at first. */
class LinkWalk {
  readonly #bytes: Uint8Array;
  readonly #visit: LinkVisitor;
  #at = 3;

  constructor(bytes: Uint8Array, visit: LinkVisitor) {
    this.#bytes = bytes;
    this.#visit = visit;
  }

  fields({ fields, linkedFields }: RecordShape): void {
    // A field that may be absent is the last one of its record.
    const count = Math.min(linkedFields, (this.#bytes[0]! & 31) - 2);
    for (let index = 0; index < count; index++) {
      const { form } = fields[index]!;
      if (form.is === 'link') this.link(form.to);
      else if (form.is === 'root') this.root(form.role);
      else if (form.is === 'links') this.#links(form.to);
      else {
        if (form.is === 'choice') checkRegistered(this.#bytes[this.#at]!, form.names.length);
        this.skip();
      }
    }
  }

  #links(objectClass: ObjectClass): void {
    for (let count = this.#head(4); count > 0; count--) this.link(objectClass);
  }

  page(roleNumber: number, level: number): void {
    const role = pageRoleOf(roleNumber) ?? fail('page_role');
    this.#at = 5;
    this.#entries(role, level);
  }

  root(role: PageRole): void {
    if (this.#bytes[this.#at] === 0xd8) this.link('page');
    else this.#entries(role, 0);
  }

  /** Passes one item, which is visited when it is a link. */
  link(objectClass: ObjectClass): void {
    if (this.#bytes[this.#at] !== 0xd8) {
      this.skip();
      return;
    }
    const next = this.#at + LINK_BYTES;
    if (next > this.#bytes.length) fail('truncated');
    this.#visit(objectClass, next - 32);
    this.#at = next;
  }

  /** Passes one element: a link to a datum, or a scalar of a known kind. */
  #element(): void {
    if (this.#bytes[this.#at] !== 0xd8) checkRegistered(this.#bytes[this.#at + 1]!, HIGHEST_DATUM_KIND);
    this.link('datum');
  }

  /** Passes one item with everything inside it. */
  skip(): void {
    for (let items = 1; items > 0; items--) {
      const first = this.#bytes[this.#at]!;
      const major = first >> 5;
      if (major === 7) this.#at += first === 0xfb ? 9 : 1;
      else {
        const argument = this.#head(major);
        if (major === 2 || major === 3) this.#at += argument;
        else if (major === 4) items += argument;
        else if (major === 6) items += 1;
      }
      if (this.#at > this.#bytes.length) fail('truncated');
    }
  }

  #entries(role: PageRole, level: number): void {
    const parts = entryParts(role, level);
    let entries = this.#head(4);
    if (parts.length > 1) {
      for (; entries > 0; entries--) {
        this.#head(4);
        for (let at = 0; at < parts.length; at++) this.#part(parts[at]!);
      }
    } else if (parts[0]!.is === 'element') for (; entries > 0; entries--) this.#element();
    else for (; entries > 0; entries--) this.#part(parts[0]!);
  }

  #part(part: EntryPart): void {
    if (part.is === 'link') this.link(part.to);
    else if (part.is === 'element') this.#element();
    else this.skip();
  }

  /** Passes a head of a major type and returns its argument. */
  #head(major: number): number {
    const first = this.#bytes[this.#at++];
    if (first === undefined) fail('truncated');
    if (first >> 5 !== major) fail('entry_form');
    const info = first & 31;
    if (info < 24) return info;
    const width = info > 27 ? fail('reserved_head') : 1 << (info - 24);
    if (this.#at + width > this.#bytes.length) fail('truncated');
    let argument = 0;
    for (let index = 0; index < width; index++) argument = argument * 256 + this.#bytes[this.#at++]!;
    if (major === 4 && argument > this.#bytes.length) fail('count_exceeds_bytes');
    return argument;
  }
}
