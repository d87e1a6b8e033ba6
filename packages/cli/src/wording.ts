import { replaceTerminalControls } from '@daggerml/object-model';
import type { ExitCode } from './exit-code.ts';
import { formatSize } from './quantities.ts';

/**
 * How the command line words an error. `{field}` is filled in from the error's fields; what stands in square
 * brackets is left out when one of its fields is empty or absent.
 */
export interface ErrorWording {
  readonly exit: ExitCode;
  readonly message: string;
  readonly hint?: string;
  /** Better words for some details of the code. */
  readonly details?: Readonly<Record<string, { readonly message: string; readonly hint?: string }>>;
}

/** Candidates and names beyond this number are only counted. */
const MAX_LISTED = 8;
const FULL_ID = /^[0-9a-f]{64}$/;
/** A command that a wording tells to run, or a field outside of one. */
const COMMAND_OR_FIELD = /"dml [^"]*"|\{(\w+)\}/g;
const CONTROL_MARK = /\u0000/;
const PLAIN_WORD = /^[\w.,:/@%+=-][\w.,:/@%+=~#-]*$/;
const FIELD = /\{(\w+)\}/g;
/** Texts that others wrote to be read whole; any other field is a name, a path or a word that was typed. */
const WHOLE_FIELDS = new Set(['message', 'reason']);
/** Characters of a name or path that are shown; no name and hardly any path has more. */
const MAX_SHOWN = 1_000;
const SHOWN_END = 100;

/** Fills a wording in. */
export function fillIn(template: string, fields: Readonly<Record<string, unknown>>): string {
  const whole = template.replace(/\[([^[\]]*)\]/g, (_, part: string) =>
    fieldsOf(part).every((field) => textOf(fields[field], field) !== '') ? part : '',
  );
  return whole
    .replace(COMMAND_OR_FIELD, (found, field: string | undefined) =>
      field === undefined ? commandOf(found, fields) : textOf(fields[field], field),
    )
    .trim();
}

/** A command as it can be typed, from its template. */
function commandOf(template: string, fields: Readonly<Record<string, unknown>>): string {
  let isAfterOptions = false;
  return template.replace(FIELD, (_, field: string, at: number) => {
    const text = textOf(fields[field], field);
    // Words of dml itself need no quotes.
    if (field === 'command') return text;
    const isLikeOption = text.startsWith('-') && template[at - 1] === ' ' && !isAfterOptions;
    isAfterOptions ||= isLikeOption;
    return isLikeOption ? `-- ${shellWord(text)}` : shellWord(text);
  });
}

/**
 * A word as a shell takes it for one. Where a character would be printed as an escape, its bytes stand as escapes that
 * the shell knows.
 *
 * @spec DML-CLI-0412 DML-CLI-0660
 */
export function shellWord(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  if (!CONTROL_MARK.test(replaceTerminalControls(text, () => '\u0000')))
    return `'${text.replaceAll("'", "'\\''")}'`;
  return `$'${replaceTerminalControls(text.replace(/[\\']/g, '\\$&'), byteEscapes)}'`;
}

function byteEscapes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function fieldsOf(template: string): string[] {
  return [...template.matchAll(FIELD)].map(([, field]) => field ?? '');
}

function textOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && field.endsWith('Bytes')) return formatSize(value);
  if (!Array.isArray(value)) {
    const text = String(value);
    return FULL_ID.test(text) ? text.slice(0, 12) : WHOLE_FIELDS.has(field) ? text : shortened(text);
  }
  const more = value.length - MAX_LISTED;
  return [
    ...value.slice(0, MAX_LISTED).map((item) => textOf(item, field)),
    ...(more > 0 ? [`${more} more`] : []),
  ].join(', ');
}

/** @spec DML-CLI-1262 */
function shortened(text: string): string {
  if (text.length <= MAX_SHOWN) return text;
  return `${text.slice(0, MAX_SHOWN - SHOWN_END).toWellFormed()}…${text.slice(-SHOWN_END).toWellFormed()}`;
}
