/** A point of a plot, with the text that a browser shows over it. */
export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** Points and words of a plot. */
export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly points: readonly PlotPoint[];
  /** True where neighbours are joined by a line. */
  readonly isLine: boolean;
}

const WIDTH = 720;
const HEIGHT = 420;
/** Edges of the field of the plot. */
const FIELD = { left: 80, right: WIDTH - 20, top: 44, bottom: HEIGHT - 56 };
/** Ticks of an axis, as many as there are room for. */
const TICKS = 6;
const STYLE =
  'text{font:12px sans-serif;fill:#333}.title{font-size:15px}.axis,.grid{stroke:#999;fill:none}.grid{stroke:#e4e4e4}' +
  '.line{stroke:#1f6feb;stroke-width:1.5;fill:none}circle{fill:#1f6feb}';

/** An axis: its range, its ticks, and the place of a value. */
interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Returns a plot as a document of SVG that needs nothing else. */
export function plotSvg({ title, xLabel, yLabel, points, isLine }: Plot): string {
  const x = axisOf(
    points.map((point) => point.x),
    [FIELD.left, FIELD.right],
    isLine ? 1 : 0,
  );
  const y = axisOf(
    points.map((point) => point.y),
    [FIELD.bottom, FIELD.top],
  );
  const places = points.map((point) => ({ ...point, cx: fixed(x.at(point.x)), cy: fixed(y.at(point.y)) }));
  const middle = (FIELD.top + FIELD.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escapeXml(title)}</title><style>${STYLE}</style><rect width="100%" height="100%" fill="#fff"/>`,
    `<text class="title" x="${FIELD.left}" y="26">${escapeXml(title)}</text>`,
    ...y.ticks.map((tick) => {
      const at = fixed(y.at(tick));
      return `<path class="grid" d="M${FIELD.left} ${at}H${FIELD.right}"/><text x="${FIELD.left - 8}" y="${at + 4}" text-anchor="end">${numberText(tick)}</text>`;
    }),
    ...x.ticks.map((tick) => {
      const at = fixed(x.at(tick));
      return `<path class="axis" d="M${at} ${FIELD.bottom}v5"/><text x="${at}" y="${FIELD.bottom + 20}" text-anchor="middle">${numberText(tick)}</text>`;
    }),
    `<path class="axis" d="M${FIELD.left} ${FIELD.top}V${FIELD.bottom}H${FIELD.right}"/>`,
    `<text x="${(FIELD.left + FIELD.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escapeXml(xLabel)}</text>`,
    `<text transform="translate(18 ${middle}) rotate(-90)" text-anchor="middle">${escapeXml(yLabel)}</text>`,
    ...(isLine
      ? [
          `<path class="line" d="${places.map(({ cx, cy }, at) => `${at === 0 ? 'M' : 'L'}${cx} ${cy}`).join('')}"/>`,
        ]
      : []),
    ...places.map(
      ({ cx, cy, label }) =>
        `<circle cx="${cx}" cy="${cy}" r="3"><title>${escapeXml(label)}</title></circle>`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

/** Returns the axis of values; `leastStep` keeps numbers of runs whole. */
function axisOf(values: readonly number[], [from, to]: readonly [number, number], leastStep = 0): Axis {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  // Values that are all the same stand in the middle.
  const pad = low === high ? Math.abs(low) / 2 || 1 : 0;
  // Halves: the difference of the largest numbers is no number.
  const step = niceStep(Math.max(leastStep, ((high + pad) / 2 - (low - pad) / 2) * (2 / TICKS)));
  const first = Math.floor((low - pad) / step);
  const last = Math.ceil((high + pad) / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, at) =>
    Number(((first + at) * step).toPrecision(12)),
  );
  return { ticks, at: (value) => from + ((value / step - first) / (last - first)) * (to - from) };
}

/** Returns the smallest of 1, 2, 5 and 10 times a power of ten that is not below a number. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function fixed(value: number): number {
  return Math.round(value * 100) / 100;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Returns a text as it may stand in XML, which knows no other control characters than tabs and line ends. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u007f-\u009f]/gu, '\ufffd')
    .replace(/[&<>"]/g, (sign) => ENTITIES[sign] as string);
}
