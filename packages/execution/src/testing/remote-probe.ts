import assert from 'node:assert/strict';
import type { FinalAnswer } from '../adapters/executable/adapter-process.ts';
import type { ProcessEnd } from '../process/process-run.ts';
import { REMOTE_LIMITS, type RemoteAdapterLimits } from '../remote-adapters/limits.ts';
import { parseRemoteAnswer } from '../remote-adapters/message-schemas.ts';
import { REMOTE_PROTOCOL, type RemoteAnswer, type RemoteDescription } from '../remote-adapters/protocol.ts';
import { ProbedProcess } from './probed-process.ts';

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
  readonly #process: ProbedProcess<RemoteAnswer>;

  constructor({ adapterName, program, environment, folder, limits }: RemoteExecutable) {
    this.#process = new ProbedProcess({
      name: `dml-remote-${adapterName}`,
      program,
      environment,
      folder,
      limits: { ...REMOTE_LIMITS, ...limits },
      protocol: REMOTE_PROTOCOL,
      parseAnswer: parseRemoteAnswer,
    });
  }

  /** Returns the answer to a question; an assertion fails where there is none in time. */
  async ask(question: Readonly<Record<string, unknown>>): Promise<FinalAnswer<RemoteAnswer>> {
    return (await this.#process.ask(question)).answer;
  }

  async describe(more: object = {}): Promise<RemoteDescription> {
    const answer = await this.ask({ operation: 'describe', ...more });
    assert.ok(answer.status === 'described', `it answered "describe" with the status "${answer.status}"`);
    return answer as RemoteDescription;
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
