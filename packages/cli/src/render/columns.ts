import { displayWidth } from './display-width.ts';

/** Columns up to which a cell widens its column; longer ones stand out, so that one of them moves no other row. */
const MAX_ALIGNED = 120;

/** Lays rows out in columns that line up. */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      const width = visibleWidth(cell);
      if (width <= MAX_ALIGNED) widths[index] = Math.max(widths[index] ?? 0, width);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - visibleWidth(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const COLOUR_CODE = /\u001b\[[0-9;]*m/g;

/** Returns the columns that a cell takes without its colours. */
export function visibleWidth(cell: string): number {
  return displayWidth(cell.replace(COLOUR_CODE, ''));
}
