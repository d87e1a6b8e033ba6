import { join } from 'node:path';
import type { NodeId } from '@daggerml/object-model';
import { parseScriptUri, SCRIPT_ADAPTER } from '@daggerml/repository';
import { failureOf, lost } from '../adapters/failure-answer.ts';
import type {
  AdapterAnswer,
  AdapterContext,
  AttemptUsage,
  ExecutionAdapter,
  Poll,
  Submission,
} from '../adapters/port.ts';
import { NamedPipes } from '../process/named-pipes.ts';
import { PrivateFolder } from '../process/private-folder.ts';
import type { Ran } from '../run/receipt.ts';
import { InterpreterVersions } from './interpreter-version.ts';
import { readScript } from './script.ts';
import { ScriptAttempt } from './script-attempt.ts';
import { AttemptLost, ScriptFailure } from './script-failure.ts';

export interface ScriptAdapterOptions {
  /** Scripts that run at one time. */
  readonly size: number;
  /** Variables that every script sees besides its own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A submission that is not answered yet. */
interface Asked {
  attempt: ScriptAttempt | undefined;
}

/** Runs captured scripts as programs of this machine, each in a working folder of its own. */
export class ScriptAdapter implements ExecutionAdapter {
  readonly capacity: number;
  readonly #context: AdapterContext;
  readonly #env: Readonly<Record<string, string>>;
  readonly #folder = new PrivateFolder('dml-scripts');
  readonly #pipes = new NamedPipes(this.#folder.path);
  readonly #versions = new InterpreterVersions();
  readonly #asked = new Map<NodeId, Asked>();
  readonly #open = new Set<Promise<void>>();
  #started = 0;

  constructor(context: AdapterContext, { size, env = {} }: ScriptAdapterOptions) {
    this.#context = context;
    this.capacity = size;
    this.#env = env;
  }

  submit(submissions: readonly Submission[]): void {
    for (const submission of submissions) {
      const asked: Asked = { attempt: undefined };
      this.#asked.set(submission.nodeId, asked);
      const ended = this.#answer(submission, asked).finally(() => this.#open.delete(ended));
      this.#open.add(ended);
    }
  }

  /** Scripts answer by themselves: no attempt is ever pending. */
  poll(polls: readonly Poll[]): void {
    const answer = lost({ code: 'worker_lost', reason: 'the attempt ended' });
    this.#context.report(polls.map(({ nodeId }) => ({ type: 'answered', nodeId, answer })));
  }

  stop(nodeId: NodeId): void {
    const asked = this.#asked.get(nodeId);
    this.#asked.delete(nodeId);
    asked?.attempt?.stop(new AttemptLost('worker_lost', 'it was stopped'));
  }

  async close(): Promise<void> {
    for (const nodeId of this.#asked.keys()) this.stop(nodeId);
    await Promise.all(this.#open);
    await this.#folder.close();
  }

  async #answer(submission: Submission, asked: Asked): Promise<void> {
    const { nodeId } = submission;
    const answer = await this.#answerOf(submission, asked);
    // One that was stopped is not asked about any more, or again already.
    if (this.#asked.get(nodeId) !== asked) return;
    this.#asked.delete(nodeId);
    this.#context.report([{ type: 'answered', nodeId, answer }]);
  }

  async #answerOf(submission: Submission, asked: Asked): Promise<AdapterAnswer> {
    const { report } = this.#context;
    const { nodeId } = submission;
    let ran: Promise<Ran> | undefined;
    try {
      asked.attempt = this.#attempt(submission, (program) => {
        report([{ type: 'started', nodeId }]);
        ran = this.#ran(program);
      });
      const datumId = await asked.attempt.run();
      return { type: 'done', outcome: 'ok', datumId, ...usageOf(asked), ...(ran && { ran: await ran }) };
    } catch (error) {
      if (error instanceof ScriptFailure) {
        const failure = { code: error.code, message: error.message, trace: [] };
        return {
          type: 'done',
          outcome: 'error',
          failure,
          names: [error.code],
          ...usageOf(asked),
          ...(ran && { ran: await ran }),
        };
      }
      if (error instanceof AttemptLost) return lost({ code: error.code, reason: error.message });
      return failureOf(error);
    }
  }

  #attempt(submission: Submission, onStart: (program: string) => void): ScriptAttempt {
    const { objects, report } = this.#context;
    const { nodeId, functionUri, inputDatumIds, timeoutMs, limits = {} } = submission;
    return new ScriptAttempt({
      script: readScript(parseScriptUri(functionUri).scriptDatumId, functionUri, objects),
      inputDatumIds,
      limits,
      timeoutMs,
      folder: join(this.#folder.path, String(this.#started++)),
      pipes: this.#pipes,
      env: this.#env,
      objects,
      onStart,
      onOutput: (piece) => report([{ type: 'output', nodeId, ...piece }]),
    });
  }

  async #ran(program: string): Promise<Ran> {
    const runtime = await this.#versions.of(program, this.#env.PATH ?? process.env.PATH ?? '');
    // @spec DML-EXE-3353
    return { adapter: SCRIPT_ADAPTER, backend: 'process', runtime };
  }
}

function usageOf({ attempt }: Asked): { readonly usage?: AttemptUsage } {
  const usage = attempt?.usage;
  return usage === undefined ? {} : { usage };
}
