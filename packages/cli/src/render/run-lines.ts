import type { Dag, RunEvent } from '@daggerml/bindings';
import type { Output } from './output.ts';

/**
 * Prints an event of a run as a line of `dml run --json`, a call with its text.
 *
 * @spec DML-CLI-1970
 */
export function printEvent(output: Output, event: RunEvent, dag: Pick<Dag, 'describeCall'>): void {
  if (!output.isJson) return;
  const { type, ...fields } = event;
  const call = 'nodeId' in event ? { call: dag.describeCall(event.nodeId).text } : {};
  output.event(type, { ...fields, ...call });
}
