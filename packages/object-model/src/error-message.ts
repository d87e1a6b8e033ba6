import type { DmlErrorFields } from './errors.ts';
import { formatSize } from './text/size.ts';

/** Fields of an error and of what reports it. */
type Fields = Readonly<Record<string, unknown>>;

/** A command that a hint proposes, or a field outside of one. */
const COMMAND_OR_FIELD = /"(?:dml|mkdir) [^"]*"|\{(\w+)\}/g;
const FIELD = /\{(\w+)\}/g;
const FULL_ID = /^[0-9a-f]{64}$/;
/** Texts that others wrote to be read whole; any other field is a name, a path or a word that was typed. */
const WHOLE_FIELDS = new Set(['message', 'reason']);
/** Characters of a name or path that are shown; no name and hardly any path has more. */
const MAX_SHOWN = 1_000;
const SHOWN_END = 100;
/** Members of a list beyond this number are only counted. */
const MAX_LISTED = 8;

/**
 * Fills in the message of an error: `{name}` stands for a field, and what stands in square brackets is left out
 * when one of its fields is empty or absent. Ids are shortened; of long texts the middle, of long lists the end is left
 * out. `commandOf` fills in the commands that a template proposes.
 */
export function formatMessage(
  template: string,
  fields: DmlErrorFields | Fields,
  commandOf: (command: string, textOf: (field: string) => string) => string = fillFields,
): string {
  const textOf = (field: string): string => fieldText((fields as Fields)[field], field);
  const whole = template.replace(/\[([^[\]]*)\]/g, (_, part: string) =>
    [...part.matchAll(FIELD)].every(([, field = '']) => textOf(field) !== '') ? part : '',
  );
  return whole.replace(COMMAND_OR_FIELD, (found, field: string | undefined) =>
    field === undefined ? commandOf(found, textOf) : textOf(field),
  );
}

function fillFields(template: string, textOf: (field: string) => string): string {
  return template.replace(FIELD, (_, field: string) => textOf(field));
}

function fieldText(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' && field.endsWith('Bytes')) return formatSize(value);
  if (Array.isArray(value)) {
    const more = value.length - MAX_LISTED;
    const shown = value.slice(0, MAX_LISTED).map((item) => fieldText(item, field));
    return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
  }
  const text = String(value);
  if (FULL_ID.test(text)) return text.slice(0, 12);
  return WHOLE_FIELDS.has(field) ? text : shortened(text);
}

/** @spec DML-CLI-1262 */
function shortened(text: string): string {
  if (text.length <= MAX_SHOWN) return text;
  return `${text.slice(0, MAX_SHOWN - SHOWN_END).toWellFormed()}…${text.slice(-SHOWN_END).toWellFormed()}`;
}
