import { formatDuration, formatInteger } from './quantities.ts';

/** Open calls that are shown before the others are counted. */
const MAX_OPEN = 6;

/** A call that runs or waits, with the time that it has done so. */
export interface OpenCall {
  readonly call: string;
  readonly elapsedMs: number;
}

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
  readonly running: readonly OpenCall[];
  /** Calls that wait for the claim of somebody else, the one that has waited longest first. */
  readonly waiting?: readonly OpenCall[];
}

/**
 * Returns the lines that a terminal shows of a run: how far it is, then the calls that run, at most `maxLines` in all.
 *
 * @spec DML-CLI-1972
 */
export function liveBlock(standing: RunStanding, maxLines: number): readonly string[] {
  const { running, waiting = [] } = standing;
  const kinds = [
    ['running', running],
    ['waiting', waiting],
  ] as const;
  const rows = kinds.flatMap(([kind, calls]) => calls.slice(0, MAX_OPEN).map((each) => ({ kind, ...each })));
  const shown = rows.slice(0, Math.min(MAX_OPEN, Math.max(0, maxLines - 2)));
  const more = kinds.flatMap(([kind, calls]) => {
    const count = calls.length - shown.filter((each) => each.kind === kind).length;
    return count > 0 ? [`${formatInteger(count)} more ${kind}`] : [];
  });
  return [
    `  ${headLine(standing)}`,
    ...shown.map(({ kind, call, elapsedMs }) => `  ${kind}  ${call}  ${formatDuration(elapsedMs)}`),
    ...(more.length > 0 ? [`  … ${more.join(', ')}`] : []),
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
