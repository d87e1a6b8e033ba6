import { formatDuration, formatInteger } from './quantities.ts';

/** Running calls that are shown before the others are counted. */
const MAX_RUNNING = 6;

/** Progress of a run at one time. */
export interface RunStanding {
  readonly executed: number;
  readonly cached: number;
  readonly failed: number;
  /** Calls that came to their end. */
  readonly done: number;
  /** Calls that are known so far; undefined where nobody counts them. */
  readonly known: number | undefined;
  readonly perSecond: number | undefined;
  /** Running calls, the oldest first, with the time that each has taken. */
  readonly running: readonly { readonly call: string; readonly elapsedMs: number }[];
}

/**
 * Returns the lines that a terminal shows of a run: how far it is, then the calls that run, at most `maxLines` in all.
 *
 * @spec DML-CLI-1972
 */
export function liveBlock(standing: RunStanding, maxLines: number): readonly string[] {
  const { running } = standing;
  const shown = running.slice(0, Math.min(MAX_RUNNING, Math.max(0, maxLines - 2)));
  const more = running.length - shown.length;
  return [
    `  ${headLine(standing)}`,
    ...shown.map(({ call, elapsedMs }) => `  running  ${call}  ${formatDuration(elapsedMs)}`),
    ...(more > 0 ? [`  … ${formatInteger(more)} more running`] : []),
  ];
}

function headLine({ executed, cached, failed, done, known, perSecond }: RunStanding): string {
  const kinds = [
    ...(executed > 0 ? [`${formatInteger(executed)} executed`] : []),
    ...(cached > 0 ? [`${formatInteger(cached)} cached`] : []),
    ...(failed > 0 ? [`${formatInteger(failed)} failed`] : []),
  ];
  const ofAll = known === undefined ? '' : ` of ${formatInteger(Math.max(known, done))}`;
  const counts = `${formatInteger(done)}${ofAll} done${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`;
  const rest = known === undefined || perSecond === undefined ? 0 : (known - done) / perSecond;
  return [
    counts,
    ...(perSecond === undefined ? [] : [`${formatRate(perSecond)}`]),
    ...(rest > 0 ? [`about ${formatDuration(rest * 1000)} left`] : []),
  ].join(', ');
}

/** Returns a pace, by the second or, where that is less than one call, by the minute. */
function formatRate(perSecond: number): string {
  if (perSecond >= 10) return `${formatInteger(Math.round(perSecond))} a second`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)} a second`;
  return `${(perSecond * 60).toFixed(1)} a minute`;
}
