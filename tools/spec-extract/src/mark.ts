/** Marks behind an id: how the requirement is judged, and whether it needs a keyword. */
export interface Marks {
  readonly norm: boolean;
  readonly kind: 'in_force' | 'planned' | 'retired' | 'measured' | 'implied';
  /** For a planned requirement: when it is to be built, where the mark says so. */
  readonly milestone?: string | undefined;
}

/** The marks of an item, the text behind them, and every mark that is not one. */
export interface ParsedMarks {
  readonly marks: Marks;
  readonly invalid: readonly string[];
  readonly rest: string;
}

const GROUP = /^\s*\{([^{}]*)\}/;
const MARK = /^(planned|retired|measured|implied(?=: (?:types|compiler)$))(?:: ([a-z0-9][a-z0-9 .-]*))?$/;

/** Parses the groups in braces at the start of a text. */
export function parseMarks(text: string): ParsedMarks {
  let rest = text;
  let norm = false;
  const marks: Omit<Marks, 'norm'>[] = [];
  const invalid: string[] = [];
  for (let group = GROUP.exec(rest); group !== null; group = GROUP.exec(rest)) {
    rest = rest.slice(group[0].length);
    for (const mark of (group[1] ?? '').split(',').map((word) => word.replace(/\s+/g, ' ').trim())) {
      const [, kind, value] = MARK.exec(mark) ?? [];
      if (mark === 'norm') norm = true;
      else if (kind === 'planned') marks.push({ kind, milestone: value });
      else if (kind === 'implied' || ((kind === 'retired' || kind === 'measured') && value === undefined))
        marks.push({ kind });
      // @spec DML-TRC-0201
      else invalid.push(mark);
    }
  }
  // @spec DML-TRC-0204
  if (marks.length > 1) invalid.push(marks.map(({ kind }) => kind).join(' + '));
  return { marks: { norm, ...(marks[0] ?? { kind: 'in_force' }) }, invalid, rest: rest.trim() };
}
