/** Beginning of the names under which a dag has the parameters of its run. */
export const PARAMETER_PREFIX = 'params.';
/** Beginning of the names under which a dag has the metrics of its run. */
export const METRIC_PREFIX = 'metrics.';

/**
 * Returns the name by which an input of a call is called. That of a parameter or metric is none: each literal with the
 * same value is the same node, whatever it is for.
 *
 * @spec DML-REP-0350
 */
export function callingName(names: readonly string[] | undefined): string | undefined {
  return names?.find((name) => !isRecorded(name));
}

/** Checks whether a name is that of a parameter or metric. */
export function isRecorded(name: string): boolean {
  return name.startsWith(PARAMETER_PREFIX) || name.startsWith(METRIC_PREFIX);
}
