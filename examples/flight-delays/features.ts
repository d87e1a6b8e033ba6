/** One flight as `clean` leaves it: numbers only where a model needs numbers. */
export interface Flight {
  /** Minutes late on arrival; negative is early. */
  readonly delayMinutes: number;
  readonly distanceMiles: number;
  /** Hour of departure, 0 to 23. */
  readonly hour: number;
  /** Day of week, 0 is Sunday. */
  readonly weekday: number;
  readonly origin: string;
  readonly destination: string;
}

/** Statistics that an encoder learned from the training flights; it never sees the test flights. */
export interface Encoding {
  readonly meanDelayMinutes: number;
  /** Airport code → smoothed mean delay of the flights that leave from it. */
  readonly originMinutes: Readonly<Record<string, number>>;
  /** Airport code → smoothed mean delay of the flights that arrive there. */
  readonly destinationMinutes: Readonly<Record<string, number>>;
}

/** Pseudo-count that pulls rarely seen airports towards the overall mean. */
const SMOOTHING = 20;

export const FEATURE_NAMES: readonly string[] = [
  'hour since 03:00',
  'hour squared',
  'weekday',
  'distance',
  'origin mean delay',
  'destination mean delay',
];

/** Learns the airports' mean delays from training flights. */
export function learnEncoding(flights: readonly Flight[]): Encoding {
  const meanDelayMinutes = mean(flights.map((flight) => flight.delayMinutes));
  return {
    meanDelayMinutes,
    originMinutes: smoothedMeans(flights, (flight) => flight.origin, meanDelayMinutes),
    destinationMinutes: smoothedMeans(flights, (flight) => flight.destination, meanDelayMinutes),
  };
}

/** Returns one row of numbers per flight, in the order of FEATURE_NAMES. */
export function featureRows(flights: readonly Flight[], encoding: Encoding): number[][] {
  const { meanDelayMinutes, originMinutes, destinationMinutes } = encoding;
  return flights.map((flight) => {
    // The airline day starts at three in the morning: delays build up from there.
    const hour = (flight.hour + 21) % 24;
    return [
      hour,
      (hour * hour) / 24,
      flight.weekday,
      Math.round(flight.distanceMiles / 250) / 4,
      Math.round(originMinutes[flight.origin] ?? meanDelayMinutes),
      Math.round(destinationMinutes[flight.destination] ?? meanDelayMinutes),
    ];
  });
}

export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

function smoothedMeans(
  flights: readonly Flight[],
  keyOf: (flight: Flight) => string,
  overall: number,
): Record<string, number> {
  const totals = new Map<string, { sum: number; count: number }>();
  for (const flight of flights) {
    const total = totals.get(keyOf(flight)) ?? { sum: 0, count: 0 };
    total.sum += flight.delayMinutes;
    total.count += 1;
    totals.set(keyOf(flight), total);
  }
  const means = [...totals].map(
    ([key, { sum, count }]) => [key, (sum + SMOOTHING * overall) / (count + SMOOTHING)] as const,
  );
  return Object.fromEntries(means);
}
