import { type BlobHandle, blob, f64 } from '@daggerml/bindings';
import { DecisionTreeRegression } from 'ml-cart';
import { Matrix, solve } from 'ml-matrix';
import { delayChart, type HourlyDelay, type ModelScore } from './chart.ts';
import { FEATURE_NAMES, type Flight, featureRows, learnEncoding, mean } from './features.ts';
import { markdownReport } from './report.ts';

interface RawFlight {
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

/** Drops what cannot be modelled: cancelled or broken rows and delays beyond `maxDelayMinutes`. */
export async function clean(source: BlobHandle, options: { maxDelayMinutes: number }) {
  const raw = JSON.parse(await source.text()) as RawFlight[];
  const flights = raw.flatMap((row): Flight[] => {
    const [year, month, day, hour] = row.date.split(/[/ :]/).map(Number);
    if (year === undefined || month === undefined || day === undefined || hour === undefined) return [];
    if (!Number.isFinite(row.delay) || Math.abs(row.delay) > options.maxDelayMinutes) return [];
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    const { delay: delayMinutes, distance: distanceMiles, origin, destination } = row;
    return [{ delayMinutes, distanceMiles, hour, weekday, origin, destination }];
  });
  return { read: raw.length, kept: flights.length, flights: blob(JSON.stringify(flights)) };
}

/** Puts every k-th flight aside for testing. */
export async function split(cleaned: { flights: BlobHandle }, options: { testEvery: number }) {
  const flights = await flightsOf(cleaned.flights);
  const isTest = (index: number): boolean => index % options.testEvery === 0;
  const train = flights.filter((_, index) => !isTest(index));
  const test = flights.filter((_, index) => isTest(index));
  return {
    trainCount: train.length,
    testCount: test.length,
    train: blob(JSON.stringify(train)),
    test: blob(JSON.stringify(test)),
  };
}

/** Fits a linear model with an L2 penalty; returns one weight per feature, the intercept first. */
export async function fitRidge(sets: { train: BlobHandle }, params: { lambda: number }) {
  const flights = await flightsOf(sets.train);
  const encoding = learnEncoding(flights);
  const x = new Matrix(withIntercept(featureRows(flights, encoding)));
  const y = Matrix.columnVector(flights.map((flight) => flight.delayMinutes));
  const penalty = Matrix.eye(x.columns, x.columns).mul(params.lambda);
  penalty.set(0, 0, 0);
  const weights = solve(x.transpose().mmul(x).add(penalty), x.transpose().mmul(y)).to1DArray();
  return {
    model: `ridge, lambda ${params.lambda}`,
    kind: 'ridge',
    encoding: blob(JSON.stringify(encoding)),
    weights: weights.map((weight) => f64(weight)),
  };
}

/** Fits a regression tree (CART) to every k-th training flight: its cost grows with their square. */
export async function fitTree(
  sets: { train: BlobHandle },
  params: { maxDepth: number; minLeaf: number; sampleEvery: number },
) {
  const flights = await flightsOf(sets.train);
  const encoding = learnEncoding(flights);
  const sample = flights.filter((_, index) => index % params.sampleEvery === 0);
  const tree = new DecisionTreeRegression({ maxDepth: params.maxDepth, minNumSamples: params.minLeaf });
  tree.train(
    featureRows(sample, encoding),
    sample.map((flight) => flight.delayMinutes),
  );
  return {
    model: `tree, depth ${params.maxDepth}`,
    kind: 'tree',
    encoding: blob(JSON.stringify(encoding)),
    tree: blob(JSON.stringify(tree)),
  };
}

/** Result of `fitRidge` and `fitTree` as a later step receives it. */
export interface FittedModel {
  readonly model: string;
  readonly kind: string;
  readonly encoding: BlobHandle;
  readonly weights?: readonly number[];
  readonly tree?: BlobHandle;
}

/** Scores a model on the test flights and sums its predictions up by hour of departure. */
export async function evaluate(fitted: FittedModel, sets: { test: BlobHandle }) {
  const flights = await flightsOf(sets.test);
  const predicted = await predict(fitted, flights);
  const errors = flights.map((flight, index) => flight.delayMinutes - (predicted[index] ?? 0));
  return {
    model: fitted.model,
    rmseMinutes: f64(Math.sqrt(mean(errors.map((error) => error * error)))),
    maeMinutes: f64(mean(errors.map(Math.abs))),
    hours: blob(JSON.stringify(hourly(flights, predicted))),
  };
}

/** Result of `evaluate` as a later step receives it. */
export interface Evaluation extends ModelScore {
  readonly hours: BlobHandle;
}

/** Writes the Markdown report and its chart, best model first. */
export async function report(
  cleaned: { read: number; kept: number },
  sets: { trainCount: number; testCount: number },
  evaluations: readonly Evaluation[],
) {
  const ranked = [...evaluations].sort((a, b) => a.rmseMinutes - b.rmseMinutes);
  const best = ranked[0];
  if (best === undefined) throw new Error('there is no model to report on');
  const hours = JSON.parse(await best.hours.text()) as HourlyDelay[];
  const markdown = markdownReport({
    readCount: cleaned.read,
    keptCount: cleaned.kept,
    trainCount: sets.trainCount,
    testCount: sets.testCount,
    featureNames: FEATURE_NAMES,
    scores: ranked,
  });
  return { best: best.model, 'report.md': blob(markdown), 'delays.svg': blob(delayChart(hours, ranked)) };
}

async function flightsOf(source: BlobHandle): Promise<Flight[]> {
  return JSON.parse(await source.text()) as Flight[];
}

async function predict(fitted: FittedModel, flights: readonly Flight[]): Promise<number[]> {
  const rows = featureRows(flights, JSON.parse(await fitted.encoding.text()));
  if (fitted.weights !== undefined) {
    return new Matrix(withIntercept(rows)).mmul(Matrix.columnVector([...fitted.weights])).to1DArray();
  }
  if (fitted.tree === undefined)
    throw new Error(`the model "${fitted.model}" has neither weights nor a tree`);
  return DecisionTreeRegression.load(JSON.parse(await fitted.tree.text())).predict(rows);
}

function withIntercept(rows: readonly number[][]): number[][] {
  return rows.map((row) => [1, ...row]);
}

function hourly(flights: readonly Flight[], predicted: readonly number[]): HourlyDelay[] {
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  return hours.flatMap((hour) => {
    const indexes = flights.flatMap((flight, index) => (flight.hour === hour ? [index] : []));
    // A mean of a handful of night flights says more about chance than about the hour.
    if (indexes.length < 20) return [];
    return [
      {
        hour,
        flights: indexes.length,
        actualMinutes: mean(indexes.map((index) => flights[index]?.delayMinutes ?? 0)),
        predictedMinutes: mean(indexes.map((index) => predicted[index] ?? 0)),
      },
    ];
  });
}
