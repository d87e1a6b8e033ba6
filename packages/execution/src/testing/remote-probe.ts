import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AdapterProcess, type FinalAnswer } from '../adapters/executable/adapter-process.ts';
import { lateDescription } from '../adapters/executable/adapter-processes.ts';
import { type ProcessEnd, ProcessRun } from '../process/process-run.ts';
import { REMOTE_LIMITS, type RemoteAdapterLimits } from '../remote-adapters/limits.ts';
import { parseRemoteAnswer } from '../remote-adapters/message-schemas.ts';
import { REMOTE_PROTOCOL, type RemoteAnswer, type RemoteDescription } from '../remote-adapters/protocol.ts';

/** An executable as the suite of Remote Adapters judges it. */
export interface RemoteExecutable {
  /** Name of the adapter in the URIs of its remotes. */
  readonly adapterName: string;
  /** Absolute path of the executable. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A folder that others cannot write to. */
  readonly folder: string;
  readonly limits?: Partial<RemoteAdapterLimits> | undefined;
}

/** One process of a Remote Adapter, asked without a client. */
export class RemoteProbe {
  readonly #process: AdapterProcess<RemoteAnswer>;
  readonly #limits: RemoteAdapterLimits;
  #ids = 0;

  constructor({ adapterName, program, environment, folder, limits }: RemoteExecutable) {
    this.#limits = { ...REMOTE_LIMITS, ...limits };
    const mark = `${join(folder, randomUUID())}/`;
    const run = new ProcessRun({
      program,
      args: [`dml-remote-${adapterName}`],
      folder,
      env: { ...environment, DML_ADAPTER_PROCESS: mark },
      mark,
      hasInput: true,
    });
    this.#process = new AdapterProcess(run, this.#limits, parseRemoteAnswer);
  }

  /** Returns the answer to a question; an assertion fails where there is none in time. */
  async ask(question: Readonly<Record<string, unknown>>): Promise<FinalAnswer<RemoteAnswer>> {
    const id = ++this.#ids;
    const line = JSON.stringify({ protocol: REMOTE_PROTOCOL, id, ...question });
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
    return reply.answer;
  }

  async describe(more: object = {}): Promise<RemoteDescription> {
    const answer = await this.ask({ operation: 'describe', ...more });
    assert.ok(answer.status === 'described', `it answered "describe" with the status "${answer.status}"`);
    return answer as RemoteDescription;
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
