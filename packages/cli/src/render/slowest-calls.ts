import type { NodeId } from '@daggerml/object-model';
import { shortId } from '@daggerml/repository';
import { formatColumns } from './columns.ts';
import { formatDuration } from './quantities.ts';

/** A call that a run carried out. */
export interface TimedCall {
  readonly nodeId: NodeId;
  readonly call: string;
  readonly durationMs: number;
}

const MAX_CALLS = 5;
/** Milliseconds that the slowest call took at least where it is worth a table. */
const MIN_MS = 1000;
/** Calls of which some are the slowest. */
const MIN_CALLS = 3;

/** The calls of a run that took longest. */
export class SlowestCalls {
  #count = 0;
  /** The longest first. */
  #calls: TimedCall[] = [];

  /** Takes a call; it is only described where it is one of the slowest. */
  add(nodeId: NodeId, durationMs: number, describe: () => string): void {
    this.#count += 1;
    const last = this.#calls.at(-1);
    if (this.#calls.length === MAX_CALLS && last && last.durationMs >= durationMs) return;
    const calls = [...this.#calls, { nodeId, durationMs, call: describe() }];
    this.#calls = calls.sort((a, b) => b.durationMs - a.durationMs).slice(0, MAX_CALLS);
  }

  /** The calls, the longest first. */
  get calls(): readonly TimedCall[] {
    return this.#calls;
  }

  /** Returns the table for people; empty where it says nothing. */
  lines(safe: (text: string) => string): readonly string[] {
    const [slowest] = this.#calls;
    if (!slowest || slowest.durationMs < MIN_MS || this.#count < MIN_CALLS) return [];
    const rows = this.#calls.map(({ nodeId, call, durationMs }, at) => [
      at === 0 ? '  slowest ' : '          ',
      formatDuration(durationMs),
      safe(call),
      shortId(nodeId),
    ]);
    return formatColumns(rows).split('\n');
  }
}
