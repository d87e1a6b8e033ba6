import { cellNumber, cellValue, type ValueCell } from './value-cell.ts';

/** A condition on one column of a table. */
export interface RowFilter {
  readonly column: string;
  /** Checks whether a field meets the condition; one that is missing never does. */
  accepts(cell: ValueCell | undefined): boolean;
}

const FORM = /^([^<>=!]+?)\s*(<=|>=|!=|==?|<|>)\s*(.*)$/s;

/**
 * Reads a condition such as `metrics.rmse<0.5` or `params.model=ridge`; undefined for a text that is none. The value is
 * JSON where it is, else text; `<` and its like compare numbers with numbers and texts with texts.
 *
 * @spec DML-REP-0366
 */
export function parseRowFilter(text: string): RowFilter | undefined {
  const [, column, operator, wanted] = FORM.exec(text.trim()) ?? [];
  if (column === undefined || operator === undefined || wanted === undefined) return undefined;
  const value = jsonOr(wanted);
  const accepts = (cell: ValueCell | undefined): boolean => {
    if (cell === undefined) return false;
    const found = cellNumber(cell) ?? cellValue(cell);
    const isEqual = found === value || JSON.stringify(found) === JSON.stringify(value) || found === wanted;
    switch (operator) {
      case '=':
      case '==':
        return isEqual;
      case '!=':
        return !isEqual;
      default:
        return isOrdered(found, typeof found === 'string' ? wanted : value, operator);
    }
  };
  return { column, accepts };
}

function isOrdered(found: unknown, value: unknown, operator: string): boolean {
  if (typeof found !== typeof value || (typeof found !== 'number' && typeof found !== 'string')) return false;
  const wanted = value as typeof found;
  if (operator === '<') return found < wanted;
  if (operator === '<=') return found <= wanted;
  return operator === '>' ? found > wanted : found >= wanted;
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
