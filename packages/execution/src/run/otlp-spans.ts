import { type NodeId, sha256Hex } from '@daggerml/object-model';
import type { CallCounts, RunEvent } from './events.ts';

/** An attribute in the JSON form of OTLP. */
interface OtlpAttribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string };
}

/** A span in the JSON form of OTLP; times are nanoseconds since the epoch. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: 1;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly status: { readonly code: 1 | 2; readonly message?: string };
}

/** Spans as OTLP carries them, in a request and in a line of a file. */
export interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string; readonly version: string };
      readonly spans: readonly OtlpSpan[];
    }[];
  }[];
}

export interface RunSpansOptions {
  /** Name of the dag. */
  readonly name: string;
  /** Version of the program that makes the spans. */
  readonly version: string;
  readonly startedMs: number;
}

/** An attempt that is under way. */
interface OpenAttempt {
  readonly attempt: number;
  readonly startedMs: number;
}

/**
 * Spans of a run for OpenTelemetry: one for each attempt of a call, below one for the run. Calls that were answered
 * without an attempt are counted in that one.
 *
 * @spec DML-EXE-1809
 */
export class RunSpans {
  readonly #options: RunSpansOptions;
  readonly #open = new Map<NodeId, OpenAttempt>();
  #traceId: string | undefined;
  #spans: OtlpSpan[] = [];

  constructor(options: RunSpansOptions) {
    this.#options = options;
  }

  /** Number of spans that wait to be taken. */
  get size(): number {
    return this.#spans.length;
  }

  /** Takes an event of the run. */
  take(event: RunEvent): void {
    this.#traceId ??= event.runId.replaceAll('-', '');
    switch (event.type) {
      case 'call-started':
        this.#open.set(event.nodeId, { attempt: event.attempt, startedMs: event.timeMs });
        return;
      case 'call-retried':
        return this.#end(event, { code: event.code, message: event.reason });
      case 'call-finished':
        return this.#end(event, event.failure);
    }
  }

  #end(
    { nodeId, name, timeMs }: { readonly nodeId: NodeId; readonly name: string; readonly timeMs: number },
    failure: { readonly code: string; readonly message: string } | undefined,
  ): void {
    const open = this.#open.get(nodeId);
    if (!open) return;
    this.#open.delete(nodeId);
    this.#spans.push({
      traceId: this.#trace,
      spanId: spanIdOf(`${nodeId} ${open.attempt}`),
      parentSpanId: this.#rootId,
      name,
      kind: 1,
      startTimeUnixNano: nanoseconds(open.startedMs),
      endTimeUnixNano: nanoseconds(Math.max(open.startedMs, timeMs)),
      attributes: [
        text('dml.node_id', nodeId),
        integer('dml.attempt', open.attempt),
        ...(failure ? [text('error.type', failure.code)] : []),
      ],
      status: failure ? { code: 2, message: failure.message } : { code: 1 },
    });
  }

  /** Ends the span of the run; `error` says why it failed, if it did. */
  end(endedMs: number, counts: CallCounts, error?: string): void {
    const { name, startedMs } = this.#options;
    this.#spans.push({
      traceId: this.#trace,
      spanId: this.#rootId,
      name: `run ${name}`,
      kind: 1,
      startTimeUnixNano: nanoseconds(startedMs),
      endTimeUnixNano: nanoseconds(Math.max(startedMs, endedMs)),
      attributes: [
        text('dml.dag', name),
        ...Object.entries(counts).map(([outcome, count]) => integer(`dml.calls.${outcome}`, count)),
      ],
      status: error === undefined ? { code: 1 } : { code: 2, message: error },
    });
  }

  /** Returns the spans that have ended since the last time; undefined when there are none. */
  drain(): OtlpTraces | undefined {
    const spans = this.#spans;
    if (spans.length === 0) return undefined;
    this.#spans = [];
    const scope = { name: 'daggerml', version: this.#options.version };
    const resource = { attributes: [text('service.name', 'daggerml')] };
    return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
  }

  get #trace(): string {
    return this.#traceId ?? sha256Hex(new TextEncoder().encode(this.#options.name)).slice(0, 32);
  }

  get #rootId(): string {
    return spanIdOf(this.#trace);
  }
}

function spanIdOf(key: string): string {
  return sha256Hex(new TextEncoder().encode(key)).slice(0, 16);
}

function nanoseconds(timeMs: number): string {
  return `${BigInt(Math.trunc(timeMs)) * 1_000_000n}`;
}

function text(key: string, stringValue: string): OtlpAttribute {
  return { key, value: { stringValue } };
}

function integer(key: string, value: number): OtlpAttribute {
  return { key, value: { intValue: String(value) } };
}
