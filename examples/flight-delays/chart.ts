import { scaleBand, scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';

/** Mean of the true and of the predicted delays in one hour of departure. */
export interface HourlyDelay {
  readonly hour: number;
  readonly flights: number;
  readonly actualMinutes: number;
  readonly predictedMinutes: number;
}

export interface ModelScore {
  readonly model: string;
  readonly rmseMinutes: number;
  readonly maeMinutes: number;
}

const WIDTH = 760;
const HEIGHT = 380;
const PLOT = { left: 56, right: WIDTH - 20, top: 44, bottom: 210 };
const BARS = { left: 190, right: WIDTH - 90, top: 262, bottom: HEIGHT - 14 };
const INK = '#1f2933';
const ACTUAL = '#94a3b8';
const PREDICTED = '#c2410c';

/** Draws delays by hour of departure above the models' errors, as a stand-alone SVG document. */
export function delayChart(hours: readonly HourlyDelay[], scores: readonly ModelScore[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${PLOT.left}" y="24" font-size="15" font-weight="bold">Arrival delay by hour of departure (test flights)</text>`,
    ...hourPanel(hours),
    `<text x="${PLOT.left}" y="${BARS.top - 12}" font-size="15" font-weight="bold">Error of each model (RMSE, minutes; shorter is better)</text>`,
    ...scorePanel(scores),
    '</svg>',
    '',
  ].join('\n');
}

function hourPanel(hours: readonly HourlyDelay[]): string[] {
  const values = hours.flatMap((row) => [row.actualMinutes, row.predictedMinutes]);
  const y = scaleLinear()
    .domain([Math.min(0, ...values), Math.max(1, ...values)])
    .nice()
    .range([PLOT.bottom, PLOT.top]);
  const x = scaleLinear()
    .domain([hours[0]?.hour ?? 0, hours.at(-1)?.hour ?? 23])
    .range([PLOT.left, PLOT.right]);
  const shade = area<HourlyDelay>(
    (row) => x(row.hour),
    y(0),
    (row) => y(row.actualMinutes),
  );
  const curve = line<HourlyDelay>(
    (row) => x(row.hour),
    (row) => y(row.predictedMinutes),
  );
  const rows = [...hours];
  return [
    ...y
      .ticks(5)
      .flatMap((tick) => [
        `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#e5e7eb"/>`,
        `<text x="${PLOT.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
      ]),
    ...rows.map(
      (row) => `<text x="${x(row.hour)}" y="${PLOT.bottom + 16}" text-anchor="middle">${row.hour}</text>`,
    ),
    `<path d="${shade(rows) ?? ''}" fill="${ACTUAL}" fill-opacity="0.5"/>`,
    `<path d="${curve(rows) ?? ''}" fill="none" stroke="${PREDICTED}" stroke-width="2.5"/>`,
    `<text x="${PLOT.left + 12}" y="${PLOT.top + 6}" fill="#64748b">actual mean</text>`,
    `<text x="${PLOT.left + 92}" y="${PLOT.top + 6}" fill="${PREDICTED}">predicted mean</text>`,
  ];
}

function scorePanel(scores: readonly ModelScore[]): string[] {
  const errors = scores.map((score) => score.rmseMinutes);
  const low = Math.floor(Math.min(...errors) - 0.5);
  const x = scaleLinear()
    .domain([low, Math.max(...errors)])
    .range([BARS.left, BARS.right]);
  const band = scaleBand()
    .domain(scores.map((score) => score.model))
    .range([BARS.top, BARS.bottom])
    .padding(0.2);
  return scores.flatMap((score) => {
    const top = band(score.model) ?? BARS.top;
    const middle = top + band.bandwidth() / 2 + 4;
    const end = x(score.rmseMinutes);
    return [
      `<text x="${BARS.left - 10}" y="${middle}" text-anchor="end">${score.model}</text>`,
      `<rect x="${BARS.left}" y="${top}" width="${end - BARS.left}" height="${band.bandwidth()}" fill="${PREDICTED}" fill-opacity="0.8"/>`,
      `<text x="${end + 6}" y="${middle}">${score.rmseMinutes.toFixed(2)}</text>`,
    ];
  });
}
