import type { ModelScore } from './chart.ts';

export interface ReportFacts {
  readonly readCount: number;
  readonly keptCount: number;
  readonly trainCount: number;
  readonly testCount: number;
  readonly featureNames: readonly string[];
  /** Best model first. */
  readonly scores: readonly ModelScore[];
}

/** Renders the report as Markdown; the chart is expected beside it as `delays.svg`. */
export function markdownReport(facts: ReportFacts): string {
  const best = facts.scores[0];
  const rows = facts.scores.map(
    ({ model, rmseMinutes, maeMinutes }) =>
      `| ${model} | ${rmseMinutes.toFixed(2)} | ${maeMinutes.toFixed(2)} |`,
  );
  return [
    '# How late will the flight be?',
    '',
    `${facts.readCount} flights were read and ${facts.keptCount} kept; ${facts.trainCount} train the models and`,
    `${facts.testCount} test them. Features: ${facts.featureNames.join(', ')}.`,
    '',
    `The best model is **${best?.model ?? 'none'}**, off by ${best?.maeMinutes.toFixed(1) ?? '?'} minutes on average.`,
    'Delays build up through the day, so an early flight is the best advice in this data.',
    '',
    '![Delay by hour and error by model](delays.svg)',
    '',
    '| model | RMSE (minutes) | MAE (minutes) |',
    '|---|---:|---:|',
    ...rows,
    '',
  ].join('\n');
}
