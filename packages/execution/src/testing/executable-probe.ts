import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdapterProcess, type FinalAnswer } from '../adapters/executable/adapter-process.ts';
import { lateDescription } from '../adapters/executable/adapter-processes.ts';
import { type AdapterLimits, DEFAULT_LIMITS } from '../adapters/executable/limits.ts';
import { parseAnswer } from '../adapters/executable/message-schemas.ts';
import { type Description, PROTOCOL } from '../adapters/executable/protocol.ts';
import { type ProcessEnd, ProcessRun } from '../process/process-run.ts';

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
  readonly #process: AdapterProcess;
  readonly #limits: AdapterLimits;
  #ids = 0;

  constructor(given: ExecutableUnderTest) {
    this.#given = given;
    this.#limits = { ...DEFAULT_LIMITS, ...given.limits };
    const { name, program, environment, folder } = given;
    const mark = `${join(folder, randomUUID())}/`;
    const run = new ProcessRun({
      program,
      args: [name],
      folder,
      env: { ...environment, DML_ADAPTER_PROCESS: mark },
      mark,
      hasInput: true,
    });
    this.#process = new AdapterProcess(run, this.#limits, parseAnswer);
  }

  /** Returns the answer to a question; an assertion fails where there is none in time. */
  async ask(question: Readonly<Record<string, unknown>>): Promise<ProbedAnswer> {
    const id = ++this.#ids;
    const line = JSON.stringify({ protocol: PROTOCOL, id, ...question });
    const { describeMs } = this.#limits;
    const reason =
      question.operation === 'describe'
        ? lateDescription(describeMs)
        : `did not answer "${question.operation}" within ${describeMs} ms`;
    const timer = setTimeout(() => void this.#process.end({ code: 'timeout', reason }), describeMs);
    const reply = await this.#process.ask(
      id,
      () => line,
      () => {},
    );
    clearTimeout(timer);
    assert.ok(reply.type === 'answer', reply.type === 'broke' ? `it ${reply.failure.reason}` : '');
    return { ...reply.answer, line: reply.line };
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
    return this.#process.finish(this.#limits.endMs);
  }

  /** Fails where it wrote something that was no answer. */
  assertSilent(): void {
    const { violation } = this.#process;
    assert.ok(violation === undefined, `it ${violation?.reason}`);
  }
}
