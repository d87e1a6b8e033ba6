import { CborWriter } from '../cbor/writer.ts';
import { type ObjectClass, RECORD_TYPE_NUMBERS } from '../object-class.ts';
import { isScalarKind, valueForm } from './element.ts';
import { writePart, writeParts } from './entry.ts';
import { type EntryPart, entryParts } from './entry-parts.ts';
import { writeField } from './field-codec.ts';
import { PAGE_ROLE_NUMBERS, type PageRole } from './page-types.ts';
import { type FieldForm, RECORD_SHAPES, type ShapedType, shapeOf } from './record-shapes.ts';
import { writeMember } from './shape-codec.ts';

/** The member of a record for which it is refused. */
export interface RefusedMember {
  /** Path of the member, such as `pins[3][1]`. */
  readonly field: string;
  readonly expected: string;
  /** Kind of the value that stands there, without any of it. */
  readonly found: string;
}

type Members = Readonly<Record<string, unknown>>;

const scratch = new CborWriter();

/**
 * Finds the member for which encoding refuses a record; undefined where it is refused for the record as a whole, such
 * as its size. Called only for a record that was refused: encoding itself keeps no path.
 *
 * @spec DML-OBJ-2900
 */
export function locateRefusal(record: unknown): RefusedMember | undefined {
  const members = (typeof record === 'object' && record !== null ? record : {}) as Members;
  const { type } = members;
  if (typeof type !== 'string' || !Object.hasOwn(RECORD_TYPE_NUMBERS, type))
    return refused('type', oneOf(Object.keys(RECORD_TYPE_NUMBERS)), type);
  return type === 'page' ? locateInPage(members) : locateInShape(type as ShapedType, members);
}

function locateInPage({ role, level, entries }: Members): RefusedMember | undefined {
  if (typeof role !== 'string' || !Object.hasOwn(PAGE_ROLE_NUMBERS, role))
    return refused('role', oneOf(Object.keys(PAGE_ROLE_NUMBERS)), role);
  if (!Number.isInteger(level) || (level as number) < 0 || (level as number) > 15)
    return refused('level', 'an integer from 0 to 15', level);
  if (!Array.isArray(entries) || entries.length === 0)
    return refused('entries', 'an array of at least one entry', entries);
  return locateInEntries('entries', entryParts(role as PageRole, level as number), entries);
}

function locateInShape(type: ShapedType, members: Members): RefusedMember | undefined {
  const shape = shapeOf(type, members);
  if (shape === undefined) {
    const { member, byName } = RECORD_SHAPES[type].selector!;
    return refused(member, oneOf([...byName.keys()] as string[]), members[member]);
  }
  for (const field of shape.fields) {
    const { form, member } = field;
    const value = members[member];
    if (form.is === 'link' && form.or === 'absent' && value === undefined) continue;
    if (!isRefused(() => writeMember(scratch, field, members))) continue;
    const inside = Array.isArray(value) ? locateInArray(form, member, value) : undefined;
    return inside ?? refused(member, expectedOf(form), value);
  }
  return undefined;
}

function locateInArray(form: FieldForm, path: string, values: readonly unknown[]): RefusedMember | undefined {
  if (form.is === 'root') return locateInEntries(path, entryParts(form.role, 0), values);
  return form.is === 'links' ? locateInEntries(path, [{ is: 'link', to: form.to }], values) : undefined;
}

function locateInEntries(
  path: string,
  parts: readonly EntryPart[],
  entries: readonly unknown[],
): RefusedMember | undefined {
  // By index: an array with holes is refused at the hole.
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at];
    if (isRefused(() => writeParts(scratch, parts, entry as never)))
      return locateInEntry(`${path}[${at}]`, parts, entry);
  }
  return undefined;
}

function locateInEntry(path: string, parts: readonly EntryPart[], entry: unknown): RefusedMember {
  if (parts.length === 1) return locateInPart(path, parts[0]!, entry);
  if (Array.isArray(entry) && entry.length === parts.length) {
    const at = parts.findIndex((part, index) => isRefused(() => writePart(scratch, part, entry[index])));
    if (at >= 0) return locateInPart(`${path}[${at}]`, parts[at]!, entry[at]);
  }
  return refused(path, `an array of ${parts.length} members`, entry);
}

function locateInPart(path: string, part: EntryPart, value: unknown): RefusedMember {
  if (part.is === 'element' && typeof value === 'object' && value !== null) {
    const scalar = value as { readonly kind?: never; readonly value?: unknown };
    const form = isScalarKind(scalar.kind as never) ? valueForm(scalar.kind as never) : undefined;
    if (form !== undefined && isRefused(() => writeField(scratch, form, scalar.value)))
      return refused(`${path}.value`, expectedOf(form), scalar.value);
  }
  return refused(path, part.is === 'link' ? idOf(part.to) : EXPECTED_PARTS[part.is], value);
}

const EXPECTED_PARTS: Readonly<Record<Exclude<EntryPart['is'], 'link'>, string>> = {
  element: 'the id of a datum, or a scalar without attachment that takes at most 128 bytes',
  'map key': 'a text of at most 4,096 bytes',
  'node name': 'a name other than "root"',
  'dag name': 'a name',
  count: 'an integer from 1 to 2^53-1',
  'chunk length': 'an integer from 1 to 131,072',
};

const EXPECTED: Partial<Record<FieldForm['is'], string>> = {
  uint: 'an integer from 0 to 2^53-1',
  remote: 'the URI of a remote',
  bool: 'a boolean',
  i64: 'a bigint from -2^63 to 2^63-1',
  f64: 'a number',
  bytes: 'a Uint8Array',
  uri: 'a URI in canonical form',
  hash: '64 lowercase hex digits',
  uuid: 'a UUID in its 36-character lowercase form',
  name: 'a name of 1 to 255 bytes in NFC, without control characters',
  'ref name': 'key names joined by "/", at most 1,024 bytes',
  class: 'the name of an object class',
  'text or uint': 'a text, or an integer from 0 to 2^53-1',
};

function expectedOf(form: FieldForm): string {
  const orNull = 'or' in form && form.or === 'null' ? ', or null' : '';
  if (form.is === 'link') return `${idOf(form.to)}${orNull}`;
  if (form.is === 'links') return `an array of at most ${form.max} distinct ids of the class ${form.to}`;
  if (form.is === 'root') return `an array of entries of ${form.role} in order, or the id of a page`;
  if (form.is === 'text')
    return form.maxBytes === undefined ? 'a text' : `a text of at most ${form.maxBytes} bytes`;
  if (form.is === 'domain') return `a URI in canonical form of at most ${form.maxBytes} bytes`;
  if (form.is === 'choice') return oneOf(form.names);
  return `${EXPECTED[form.is]}${orNull}`;
}

function idOf(objectClass: ObjectClass): string {
  return `the id of ${/^[aeiou]/.test(objectClass) ? 'an' : 'a'} ${objectClass}`;
}

function oneOf(names: readonly string[]): string {
  return names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function refused(field: string, expected: string, value: unknown): RefusedMember {
  return { field, expected, found: kindOf(value) };
}

/** Describes a value by its kind and size; never by its content. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== 'number') return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  if (!Number.isInteger(value)) return 'a number that is no integer';
  return value < 0 ? 'a negative number' : 'a number';
}

function isRefused(write: () => void): boolean {
  scratch.reset();
  try {
    write();
    return false;
  } catch {
    return true;
  }
}
