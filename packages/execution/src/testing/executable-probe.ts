import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FinalAnswer } from '../adapters/executable/adapter-process.ts';
import { type AdapterLimits, DEFAULT_LIMITS } from '../adapters/executable/limits.ts';
import { parseAnswer } from '../adapters/executable/message-schemas.ts';
import { type Answer, type Description, PROTOCOL } from '../adapters/executable/protocol.ts';
import type { ProcessEnd } from '../process/process-run.ts';
import { ProbedProcess } from './probed-process.ts';

/** A call that an adapter can do, as it is written in a question. */
export interface ExampleCall {
  readonly functionUri: string;
  /** Inputs in their JSON form. */
  readonly inputs: readonly unknown[];
  /** Files of the folder that the JSON names, by their paths in it. */
  readonly files?: Readonly<Record<string, Uint8Array>> | undefined;
  /** The value that the path of the URI names, in its JSON form, for adapters of stored functions. */
  readonly function?: unknown;
}

/** An executable as the suite judges it. */
export interface ExecutableUnderTest {
  readonly name: string;
  /** Absolute path of the executable. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** An empty folder. */
  readonly folder: string;
  readonly example?: ExampleCall | undefined;
  readonly limits?: Partial<AdapterLimits> | undefined;
}

/** An answer together with the line that it is. */
export type ProbedAnswer = FinalAnswer & { readonly line: string };

/** One process of an executable, asked without an Executor. */
export class ExecutableProbe {
  readonly #given: ExecutableUnderTest;
  readonly #process: ProbedProcess<Answer>;

  constructor(given: ExecutableUnderTest) {
    this.#given = given;
    this.#process = new ProbedProcess({
      ...given,
      limits: { ...DEFAULT_LIMITS, ...given.limits },
      protocol: PROTOCOL,
      parseAnswer,
    });
  }

  /** Returns the answer to a question; an assertion fails where there is none in time. */
  async ask(question: Readonly<Record<string, unknown>>): Promise<ProbedAnswer> {
    const { answer, line } = await this.#process.ask(question);
    return { ...answer, line };
  }

  async describe(more: object = {}): Promise<Description> {
    const answer = await this.ask({ operation: 'describe', ...more });
    assert.ok(answer.status === 'described', `it answered "describe" with the status "${answer.status}"`);
    return answer;
  }

  /** Makes the members of a question about an execution. */
  execution(executionUuid: string): { readonly executionUuid: string; readonly folder: string } {
    const folder = join(this.#given.folder, executionUuid);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { executionUuid, folder };
  }

  submit(executionUuid: string, { files = {}, ...call }: ExampleCall): Promise<ProbedAnswer> {
    const hash = '0'.repeat(64);
    const facts = { callNodeId: hash, executionKey: hash, attempt: 1 };
    const execution = this.execution(executionUuid);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(execution.folder, name), bytes);
    return this.ask({ operation: 'submit', ...execution, ...facts, ...call });
  }

  /** Returns how it ends once its input does, and whether it had to be ended. */
  finish(): Promise<{ readonly end: ProcessEnd | undefined; readonly hadToBeEnded: boolean }> {
    return this.#process.finish();
  }

  /** Fails where it wrote something that was no answer. */
  assertSilent(): void {
    this.#process.assertSilent();
  }
}
