import type { DmlErrorFields } from './errors.ts';

/**
 * Fills in the message of an error: `{name}` stands for a field, and what stands in square brackets is left out
 * when one of its fields is empty or absent. Ids are shortened.
 */
export function formatMessage(template: string, fields: DmlErrorFields): string {
  const whole = template.replace(/\[([^[\]]*)\]/g, (_, part: string) =>
    [...part.matchAll(FIELD)].every(([, name]) => textOf(fields[name as string]) !== '') ? part : '',
  );
  return whole.replace(FIELD, (_, name: string) => textOf(fields[name]));
}

const FIELD = /\{(\w+)\}/g;
const FULL_ID = /^[0-9a-f]{64}$/;

function textOf(value: DmlErrorFields[string] | undefined): string {
  if (Array.isArray(value)) return value.join(', ');
  return FULL_ID.test(String(value)) ? String(value).slice(0, 12) : String(value ?? '');
}
