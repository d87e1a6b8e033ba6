import { UNASSIGNED_RUNS } from './unassigned.ts';

let pattern: RegExp | undefined;

/**
 * Brings a well-formed text into NFC of Unicode 15.0, whatever later version the platform's own tables have.
 *
 * Stretches of code points that Unicode 15.0 assigns keep their normal form in every later version, so the platform
 * normalises those; every other code point stays as it is, and nothing is composed with it or moved across it.
 * The platform takes time in proportion to the square of a long run of marks, so texts with a limit are measured before.
 */
export function toNfc(text: string): string {
  const normalised = text.normalize('NFC');
  // Parts of a text in NFC are in NFC, so what the platform leaves alone needs no look at the table.
  return normalised === text ? text : stretchesToNfc(text);
}

function stretchesToNfc(text: string): string {
  pattern ??= unassignedPattern();
  return text
    .split(pattern)
    .map((stretch, at) => {
      // The pattern captures, so every second part is what it matched.
      // @spec DML-OBJ-0518
      if (at % 2 === 1) return stretch;
      // @spec DML-OBJ-0517
      return stretch.normalize('NFC');
    })
    .join('');
}

/** Returns a pattern that captures stretches of code points that Unicode 15.0 leaves unassigned. */
export function unassignedPattern(): RegExp {
  let ranges = '';
  let next = 0;
  UNASSIGNED_RUNS.split(' ').forEach((digits, at) => {
    const start = next;
    next += Number.parseInt(digits, 36);
    if (at % 2 === 1) ranges += `\\u{${start.toString(16)}}-\\u{${(next - 1).toString(16)}}`;
  });
  return new RegExp(`([${ranges}]+)`, 'u');
}
