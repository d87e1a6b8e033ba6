import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  AdapterProcess,
  type AnyAnswer,
  type FinalAnswer,
  type ParseAnswer,
} from '../adapters/executable/adapter-process.ts';
import { lateDescription } from '../adapters/executable/adapter-processes.ts';
import type { AdapterLimits } from '../adapters/executable/limits.ts';
import { type ProcessEnd, ProcessRun } from '../process/process-run.ts';

/** A process to probe, and the protocol that it speaks. */
export interface ProbedProgram<Any extends AnyAnswer> {
  /** Its name, as its first argument. */
  readonly name: string;
  /** Absolute path of the executable. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly limits: AdapterLimits;
  readonly protocol: unknown;
  readonly parseAnswer: ParseAnswer<Any>;
}

/** One process of an executable that speaks a protocol of adapters, asked without a client. */
export class ProbedProcess<Any extends AnyAnswer> {
  readonly #process: AdapterProcess<Any>;
  readonly #limits: AdapterLimits;
  readonly #protocol: unknown;
  #ids = 0;

  constructor({ name, program, environment, folder, limits, protocol, parseAnswer }: ProbedProgram<Any>) {
    this.#limits = limits;
    this.#protocol = protocol;
    const mark = `${join(folder, randomUUID())}/`;
    const run = new ProcessRun({
      program,
      args: [name],
      folder,
      env: { ...environment, DML_ADAPTER_PROCESS: mark },
      mark,
      hasInput: true,
    });
    this.#process = new AdapterProcess(run, limits, parseAnswer);
  }

  /** Returns the answer to a question, and its line; an assertion fails where there is none in time. */
  async ask(
    question: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly answer: FinalAnswer<Any>; readonly line: string }> {
    const id = ++this.#ids;
    const line = JSON.stringify({ protocol: this.#protocol, id, ...question });
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
    return reply;
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
