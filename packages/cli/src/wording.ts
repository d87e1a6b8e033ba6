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
const PLAIN_WORD = /^[\w.,:/@%+=-][\w.,:/@%+=~#-]*$/;
const FIELD = /\{(\w+)\}/g;

/** Fills a wording in. */
export function fillIn(template: string, fields: Readonly<Record<string, unknown>>): string {
  const whole = template.replace(/\[([^[\]]*)\]/g, (_, part: string) =>
    fieldsOf(part).every((field) => textOf(fields[field], field) !== '') ? part : '',
  );
  return whole
    .replace(COMMAND_OR_FIELD, (found, field: string | undefined) =>
      field === undefined
        ? found.replace(FIELD, (_, inner: string) =>
            // Words of dml itself need no quotes.
            inner === 'command' ? textOf(fields[inner], inner) : shellWord(textOf(fields[inner], inner)),
          )
        : textOf(fields[field], field),
    )
    .trim();
}

/** A word as a shell takes it for one. @spec DML-CLI-0412 */
export function shellWord(text: string): string {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function fieldsOf(template: string): string[] {
  return [...template.matchAll(FIELD)].map(([, field]) => field ?? '');
}

function textOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && field.endsWith('Bytes')) return formatSize(value);
  if (!Array.isArray(value)) return FULL_ID.test(String(value)) ? String(value).slice(0, 12) : String(value);
  const more = value.length - MAX_LISTED;
  return [
    ...value.slice(0, MAX_LISTED).map((item) => textOf(item, field)),
    ...(more > 0 ? [`${more} more`] : []),
  ].join(', ');
}
