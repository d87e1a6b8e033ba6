import type { DmlErrorFields } from './errors.ts';

/**
 * Fills in the message of an error: `{name}` stands for a field, and what stands in square brackets is left out
 * when one of its fields is empty or absent.
 */
export function formatMessage(template: string, fields: DmlErrorFields): string {
  const whole = template.replace(/\[([^[\]]*)\]/g, (_, part: string) =>
    [...part.matchAll(FIELD)].every(([, name]) => textOf(fields[name as string]) !== '') ? part : '',
  );
  return whole.replace(FIELD, (_, name: string) => textOf(fields[name]));
}

const FIELD = /\{(\w+)\}/g;

function textOf(value: DmlErrorFields[string] | undefined): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}
