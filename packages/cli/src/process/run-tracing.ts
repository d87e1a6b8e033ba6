import type { RunEvent, RunResult } from '@daggerml/bindings';
import { type CallCounts, RunSpans } from '@daggerml/execution';
import { programVersion } from './program-version.ts';
import { SpanTarget } from './span-target.ts';

export { isUrl } from './span-target.ts';

/** Spans that are sent together. */
const BATCH = 512;

interface TracingOptions {
  readonly name: string;
  readonly startedMs: number;
  readonly warn: (line: string) => void;
}

/** Sends the spans of a run while it goes on. */
export class RunTracing {
  readonly #spans: RunSpans;
  readonly #target: SpanTarget;
  readonly #warn: (line: string) => void;
  readonly #counts: Record<keyof CallCounts, number> = {
    executed: 0,
    cached: 0,
    failed: 0,
    blocked: 0,
    cancelled: 0,
  };

  constructor(target: string, { name, startedMs, warn }: TracingOptions) {
    this.#target = new SpanTarget(target);
    this.#spans = new RunSpans({ name, version: programVersion(), startedMs });
    this.#warn = warn;
  }

  /** Takes an event of the run. */
  take(event: RunEvent): void {
    if (event.type === 'call-finished') this.#counts[event.outcome] += 1;
    this.#spans.take(event);
    if (this.#spans.size >= BATCH) this.#send();
  }

  /** Waits for the run, ends its span and sends the rest. Rejects with the error of the run. */
  async until<Result extends RunResult>(running: Promise<Result>, nowMs: () => number): Promise<Result> {
    let problem: string | undefined;
    try {
      return await running;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      this.#spans.end(nowMs(), this.#counts, problem);
      this.#send();
      await this.#target.done();
      // @spec DML-CLI-1975
      if (this.#target.problem !== undefined)
        this.#warn(`  warning  the spans of the run did not all arrive: ${this.#target.problem}`);
    }
  }

  #send(): void {
    const traces = this.#spans.drain();
    if (traces) this.#target.send(traces);
  }
}
