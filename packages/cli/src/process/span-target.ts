import { appendFileSync } from 'node:fs';
import type { OtlpTraces } from '@daggerml/execution';

/** Milliseconds that a collector may take for one request. */
const REQUEST_MS = 5000;

/** A place that spans go to: a file, a line for each batch, or a collector by OTLP over HTTP. */
export class SpanTarget {
  readonly #target: string;
  #open: Promise<void> = Promise.resolve();
  /** The first reason why spans did not arrive. */
  problem: string | undefined;

  /** Creates the target that a path or a URL names. */
  constructor(target: string) {
    this.#target = target;
  }

  /** Sends spans, those given before first; never throws: a run does not fail over its spans. */
  send(traces: OtlpTraces): void {
    // @spec DML-CLI-1974
    const body = JSON.stringify(traces);
    const sent = isUrl(this.#target)
      ? () => post(endpointOf(this.#target), body)
      : () => appendFileSync(this.#target, `${body}\n`);
    this.#open = this.#open.then(sent).catch((error: unknown) => {
      this.problem ??= reasonOf(error);
    });
  }

  /** Resolves when all that was given has been sent or given up. */
  done(): Promise<void> {
    return this.#open;
  }
}

/** Returns what an error says, of `fetch` what it says of its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

/** Checks whether a target is the URL of a collector. */
export function isUrl(target: string): boolean {
  return /^https?:\/\//.test(target);
}

/** Returns the URL for traces of a collector; one with a path of its own stays as it is. */
function endpointOf(target: string): string {
  const url = new URL(target);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    signal: AbortSignal.timeout(REQUEST_MS),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
