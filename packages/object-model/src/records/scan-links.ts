import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { fail } from '../errors.ts';
import type { ObjectClass } from '../object-class.ts';
import { HIGHEST_DATUM_KIND } from './datum-kind.ts';
import { checkHeader, checkKind, headNumber } from './decode-record.ts';
import { isKeyedRole, type PageRole, pageRoleOf } from './page-types.ts';
import { type FieldForm, RECORD_SHAPES, type RecordShape, type ShapedType } from './record-shapes.ts';
import { selectorNumber } from './shape-codec.ts';

/** Receives one link: its class, and where its 32 id bytes start in the record. */
export type LinkVisitor = (objectClass: ObjectClass, idOffset: number) => void;

/**
 * Visits every link of an encoded record in byte order without decoding it or allocating.
 *
 * `bytes` must be a record that {@link decodeRecord} accepts or refuses as newer, such as one whose hash was checked;
 * other bytes may yield nonsense or a `DmlError`, nothing worse. Throws as decoding does for a newer format, whose links
 * are unknown; some may have been visited by then.
 *
 * @spec DML-OBJ-1911
 */
export function scanLinks(bytes: Uint8Array, visit: LinkVisitor): void {
  const type = checkHeader(bytes);
  checkKind(bytes, type);
  const walk = new LinkWalk(bytes, visit);
  if (type === 'datum') walk.datum(bytes[3]!, bytes[0]! & 31);
  else if (type === 'page') walk.page(bytes[3]!, bytes[4]!);
  else walk.places(planOf(type, bytes));
}

/** What is done with the places of a record, up to the last that can hold a link. */
type Plan = readonly FieldForm[];

/** Record type → the plan of each shape, by the number that selects it; a type with one shape has it under 0. */
const PLANS = new Map<ShapedType, ReadonlyMap<number, Plan>>();

function planOf(type: ShapedType, bytes: Uint8Array): Plan {
  const { shapes, selectorAt } = RECORD_SHAPES[type];
  let plans = PLANS.get(type);
  if (plans === undefined) {
    plans = new Map(
      shapes.map((shape) => [
        selectorAt === undefined ? 0 : selectorNumber(shape, selectorAt),
        planOfShape(shape),
      ]),
    );
    PLANS.set(type, plans);
  }
  // A selector stands in one of the first places, behind links alone.
  const byte = selectorAt === undefined ? 0 : bytes[3 + selectorAt * LINK_BYTES]!;
  const plan = plans.get(byte);
  if (plan !== undefined) return plan;
  checkRegistered(byte, Math.max(...plans.keys()));
  return fail(RECORD_SHAPES[type].other ?? 'record_type');
}

/** Throws where the integer that begins with a byte is above the highest one known in its place. */
function checkRegistered(byte: number, highest: number): void {
  const number = headNumber(byte);
  if (number !== undefined && number > highest) fail('newer_kind');
}

function planOfShape(shape: RecordShape): Plan {
  const forms = shape.fields.map((field) => field.form);
  return forms.slice(
    0,
    forms.findLastIndex(({ is }) => is === 'link' || is === 'links' || is === 'root') + 1,
  );
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

  datum(kind: number, itemCount: number): void {
    this.#at = 4;
    if (kind === 7 && itemCount === 5) {
      this.skip();
      this.link('datum');
    } else if (kind === 8) this.root('list');
    else if (kind === 9) this.root('set');
    else if (kind === 10) this.root('map');
    else if (kind === 11) {
      this.skip();
      this.skip();
      this.root('chunks');
    }
  }

  places(plan: Plan): void {
    for (const form of plan) {
      if (form.is === 'link') this.link(form.to);
      else if (form.is === 'root') this.root(form.role);
      else if (form.is === 'links') this.#links(form.to);
      else {
        if (form.is === 'choice')
          checkRegistered(this.#bytes[this.#at]!, Math.max(...Object.values(form.numbers)));
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
    const keyed = isKeyedRole(role);
    for (let entries = this.#head(4); entries > 0; entries--) {
      if (level > 0) {
        this.#head(4);
        if (keyed) this.#key(role);
        this.link('page');
        this.skip();
      } else if (role === 'list' || role === 'set') this.#element();
      else if (role === 'inputs') this.link('node');
      else if (role === 'values') this.link('datum');
      else this.#pair(role);
    }
  }

  #key(role: PageRole): void {
    if (role === 'set') this.#element();
    else if (role === 'pins' || role === 'requests') this.link('node');
    else this.skip();
  }

  #pair(role: PageRole): void {
    this.#head(4);
    if (role === 'chunks') {
      this.link('chunk');
      this.skip();
      return;
    }
    this.#key(role);
    if (role === 'map') this.#element();
    else if (role === 'names') this.link('node');
    else if (role === 'dags') this.link('dag');
    else this.link(role === 'pins' ? 'exec' : 'exec-request');
  }

  /** Passes a head of a major type and yields its argument. */
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
