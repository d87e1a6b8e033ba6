import { hexOf } from './bytes.ts';
import { RECORD_SHAPES } from './records/record-shapes.ts';
import type { AnyRecord, Element, ScalarDatum } from './records/record-types.ts';
import { replaceTerminalControls } from './text/terminal-controls.ts';

/**
 * Returns a record as lines for people, without a newline at the end: of ids 12 digits, of a collection 20 entries, of
 * texts and bytes 200, or all of them where `full` says so.
 *
 * The same everywhere: no colour, no locale, no time zone. Not meant to be parsed.
 */
export function formatRecord(record: AnyRecord, { full = false }: { readonly full?: boolean } = {}): string {
  return new RecordFormatter(full).format(record);
}

class RecordFormatter {
  readonly #idDigits: number;
  readonly #maxEntries: number;
  readonly #maxLength: number;

  constructor(full: boolean) {
    this.#idDigits = full ? 64 : 12;
    this.#maxEntries = full ? Number.POSITIVE_INFINITY : 20;
    this.#maxLength = full ? Number.POSITIVE_INFINITY : 200;
  }

  format(record: AnyRecord): string {
    const lines = [this.#title(record)];
    for (const [name, value] of Object.entries(record)) {
      if (!TITLE_FIELDS.has(name)) lines.push(...this.#field(name, value));
    }
    return lines.join('\n');
  }

  // @spec DML-OBJ-2301
  #title(record: AnyRecord): string {
    if (record.type === 'datum' || record.type === 'node') return `${record.type} ${record.kind}`;
    if (record.type === 'exec') return `exec ${record.nodeKind} ${record.status}`;
    return record.type === 'page' ? `page ${record.role} level ${record.level}` : record.type;
  }

  #field(name: string, value: unknown): string[] {
    if (Array.isArray(value)) return this.#entries(name, value);
    // @spec DML-OBJ-2305
    if (name.endsWith('Ms') && typeof value === 'number') return [`  ${name}: ${formatTime(value)}`];
    return [`  ${name}: ${this.#value(name, value)}`];
  }

  // @spec DML-OBJ-2302
  #entries(name: string, entries: readonly unknown[]): string[] {
    const lines = [`  ${name}: ${entries.length === 1 ? '1 entry' : `${entries.length} entries`}`];
    for (const entry of entries.slice(0, this.#maxEntries)) lines.push(`    ${this.#entry(entry)}`);
    // @spec DML-OBJ-2304
    const hidden = entries.length - this.#maxEntries;
    if (hidden > 0) lines.push(`    … ${hidden} more`);
    return lines;
  }

  #entry(entry: unknown): string {
    if (!Array.isArray(entry)) return this.#member(entry as Element);
    return entry.map((part) => this.#member(part as Element | number)).join('  ');
  }

  #member(member: Element | string | number): string {
    if (typeof member === 'number') return String(member);
    if (typeof member === 'string') return ID.test(member) ? this.#id(member) : this.#text(member);
    return this.#scalar(member);
  }

  #scalar(datum: ScalarDatum): string {
    return datum.kind === 'null' ? 'null' : `${datum.kind} ${this.#value('value', datum.value)}`;
  }

  #value(name: string, value: unknown): string {
    if (value instanceof Uint8Array) return this.#bytes(value);
    if (typeof value !== 'string') return String(value);
    return ID_MEMBERS.has(name) && ID.test(value) ? this.#id(value) : this.#text(value);
  }

  #id(id: string): string {
    return id.slice(0, this.#idDigits);
  }

  #bytes(bytes: Uint8Array): string {
    const shown = hexOf(bytes, 0, Math.min(bytes.length, this.#maxLength));
    const rest = bytes.length > this.#maxLength ? '…' : '';
    return `0x${shown}${rest} (${bytes.length} bytes)`;
  }

  // @spec DML-OBJ-2303
  #text(text: string): string {
    const shown = text.length > this.#maxLength ? `${sliceWhole(text, this.#maxLength)}…` : text;
    return replaceTerminalControls(JSON.stringify(shown));
  }
}

const TITLE_FIELDS: ReadonlySet<string> = new Set(['type', 'kind', 'nodeKind', 'status', 'role', 'level']);
/** Members whose text is an id or a hash, which is shortened. */
const ID_MEMBERS: ReadonlySet<string> = new Set(
  Object.values(RECORD_SHAPES)
    .flatMap(({ shapes }) => shapes.flatMap(({ fields }) => fields))
    .filter(({ form }) => form.is === 'link' || form.is === 'root' || form.is === 'hash')
    .map(({ member }) => member),
);
const ID = /^[0-9a-f]{64}$/;

/** Formats a time in UTC; one beyond the calendar of `Date` as its number. */
function formatTime(timeMs: number): string {
  return timeMs > 8.64e15 ? String(timeMs) : new Date(timeMs).toISOString();
}

/** Cuts a text without splitting a surrogate pair. */
function sliceWhole(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}
