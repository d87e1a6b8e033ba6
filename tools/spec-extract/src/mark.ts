/** Marks behind an id; at most one of them decides the state. */
export interface Marks {
  readonly norm: boolean;
  readonly disposition: Disposition;
}

/** Rule by which a requirement is judged. */
export type Disposition =
  | { readonly kind: 'in_force' }
  | { readonly kind: 'planned'; readonly milestone?: string }
  | { readonly kind: 'retired' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'implied' }
  | { readonly kind: 'exception'; readonly reason: string; readonly until: string };

/** The marks of an item, the text behind them, and every mark that is not one. */
export interface ParsedMarks {
  readonly marks: Marks;
  readonly invalid: readonly string[];
  readonly rest: string;
}

const GROUP = /^\s*\{([^{}]*)\}/;
const MILESTONE = /^planned: ([a-z0-9][a-z0-9 .-]*)$/;
const EXCEPTION = /^exception:\s*(\S.*?)\s*;\s*until\s+(\d{4}-\d{2}-\d{2})$/;

/** Parses the groups in braces at the start of a text. */
export function parseMarks(text: string): ParsedMarks {
  let rest = text;
  let norm = false;
  const dispositions: Disposition[] = [];
  const invalid: string[] = [];
  for (let group = GROUP.exec(rest); group !== null; group = GROUP.exec(rest)) {
    rest = rest.slice(group[0].length);
    for (const mark of splitGroup((group[1] ?? '').replace(/\s+/g, ' ').trim())) {
      const disposition = parseDisposition(mark);
      if (mark === 'norm') norm = true;
      else if (disposition === undefined) {
        // @spec DML-TRC-0201
        invalid.push(mark);
      } else dispositions.push(disposition);
    }
  }
  // @spec DML-TRC-0204
  if (dispositions.length > 1) invalid.push(dispositions.map(({ kind }) => kind).join(' + '));
  return {
    marks: { norm, disposition: dispositions[0] ?? { kind: 'in_force' } },
    invalid,
    rest: rest.trim(),
  };
}

/** Returns the marks of a group: plain words with commas between, or one mark with a value. */
function splitGroup(group: string): string[] {
  return group.includes(':') ? [group] : group.split(',').map((mark) => mark.trim());
}

function parseDisposition(mark: string): Disposition | undefined {
  if (mark === 'planned' || mark === 'retired' || mark === 'measured') return { kind: mark };
  const milestone = MILESTONE.exec(mark)?.[1];
  if (milestone !== undefined) return { kind: 'planned', milestone };
  if (mark === 'implied: types' || mark === 'implied: compiler') return { kind: 'implied' };
  const exception = EXCEPTION.exec(mark);
  const [, reason = '', until = ''] = exception ?? [];
  // @spec DML-TRC-0202
  if (exception === null || !isDate(until)) return undefined;
  return { kind: 'exception', reason, until };
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
