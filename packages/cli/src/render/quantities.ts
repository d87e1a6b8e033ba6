const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** Latest time that a date can hold. */
const LAST_MS = 8.64e15;

/** Returns a time in the form of ISO 8601, or its milliseconds where no date can hold it. @spec DML-CLI-3786 */
export function isoTime(timeMs: number): string {
  return Math.abs(timeMs) <= LAST_MS ? new Date(timeMs).toISOString() : `${timeMs} ms`;
}

/** Returns a time as UTC text, e.g. `2026-03-01 14:05:09Z`; see {@link isoTime}. */
export function formatTime(timeMs: number): string {
  const text = isoTime(timeMs);
  return text.endsWith('Z') ? text.replace('T', ' ').replace(/\.\d+Z$/, 'Z') : text;
}

/** Returns how long ago a time was, in its largest whole unit. */
export function formatAge(timeMs: number, nowMs: number): string {
  const ageMs = nowMs - timeMs;
  for (const [unit, unitMs] of STEPS) {
    const count = Math.floor(ageMs / unitMs);
    if (count >= 1) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

/** Returns a duration with three digits at most, e.g. `1.2 s` or `350 ms`. */
export function formatDuration(durationMs: number): string {
  const wholeMs = Math.round(durationMs);
  if (wholeMs < 1000) return `${wholeMs} ms`;
  if (wholeMs < 59_950) return `${(wholeMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(wholeMs / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Returns an integer with its thousands separated, e.g. `12,345`; loading the formats of `Intl` takes 10 ms. */
export function formatInteger(integer: number): string {
  return String(integer).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Returns `1 ref`, `2 refs`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
