import { createHash } from 'node:crypto';
import type { NativePackage } from '@daggerml/capture';
import type { DatumId, ExecutionKey, NodeId } from '@daggerml/object-model';
import { adapterNameOf } from '@daggerml/repository';
import { InvalidJson, parseExactJson } from '../../json/exact-json.ts';
import { JsonTooLong } from '../../json/write-value.ts';
import { isRetryable, isStoreFailure } from '../../run/failure-effect.ts';
import type { ScriptLimits } from '../../script/script-limits.ts';
import { ExchangeFolder } from '../executable/exchange-folder.ts';
import { DEFAULT_LIMITS } from '../executable/limits.ts';
import {
  DESCRIPTION_SCHEMA,
  FAILURE_CODES,
  PROTOCOL,
  type Question,
  type SubmitQuestion,
} from '../executable/protocol.ts';
import type { AdapterAnswer, AdapterReport, StartAdapter, Submission } from '../port.ts';
import { ScratchAdapter } from './scratch-adapter.ts';

/** An adapter of the Executor that an executable offers. */
export interface ServedAdapter {
  readonly name: string;
  readonly version: string;
  /** Calls that run at one time; further ones wait. */
  readonly maxCalls: number;
  readonly start: StartAdapter;
  /** Returns the datum of the function that a URI names. Throws `adapter_unknown` for a URI of another form. */
  readonly functionDatumIdOf: (functionUri: string) => DatumId;
}

/** A call that a question asks for. */
interface ServedCall {
  readonly question: SubmitQuestion & Pick<Question, 'id'>;
  readonly line: string;
  /** Names it in the adapter. */
  readonly nodeId: NodeId;
  folder: ExchangeFolder | undefined;
  isStopped: boolean;
}

/**
 * Answers the questions of the adapter protocol by an adapter of the Executor. Its functions are stored values, which
 * come with the questions.
 *
 * @spec DML-EXE-3231
 */
export class AdapterServer {
  readonly #served: ServedAdapter;
  readonly #write: (line: string) => void;
  readonly #open = new Map<NodeId, ServedCall>();
  /** Calls that were begun or wait; those that run are in the adapter. */
  readonly #calls = new Set<ServedCall>();
  #waiting: ServedCall[] = [];
  /** Holds nothing until a call needs it, and again once its store has grown. */
  #scratch: Promise<ScratchAdapter | undefined> = Promise.resolve(undefined);
  #begun = 0;
  #number = 0;
  #onIdle: (() => void) | undefined;

  constructor(served: ServedAdapter, write: (line: string) => void) {
    this.#served = served;
    this.#write = write;
  }

  /** Takes a line, which is a question. Throws for one that does not follow the protocol. */
  take(line: string, parse: (json: unknown) => Question): void {
    const question = parse(JSON.parse(line));
    switch (question.operation) {
      case 'describe':
        return this.#describe(question);
      case 'submit':
        return this.#submit(question, line);
      // Nothing goes on without its question.
      case 'poll':
        return this.#answer(question, {
          status: 'failed',
          code: 'worker_lost',
          reason: 'no call goes on here under that name',
        });
      case 'cancel':
        this.#cancel(question.executionUuid);
        return this.#answer(question, { status: 'cancelled' });
    }
  }

  /** Resolves once every call is answered and nothing is left of them. */
  async close(): Promise<void> {
    if (this.#begun > 0 || this.#waiting.length > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    await (await this.#scratch)?.close();
  }

  /** Ends every call, for whose answer nobody waits. */
  stop(): void {
    for (const call of this.#calls) this.#stop(call);
  }

  #describe(question: Question): void {
    const { name, version, maxCalls } = this.#served;
    this.#answer(question, {
      status: 'described',
      schema: DESCRIPTION_SCHEMA,
      name,
      version,
      protocol: PROTOCOL,
      capabilities: { persistent: true, maxCalls },
    });
  }

  #answer({ id }: Pick<Question, 'id'>, answer: object): void {
    this.#write(lineOf({ id }, answer));
  }

  #submit(question: ServedCall['question'], line: string): void {
    const name = `${question.executionUuid} ${++this.#number}`;
    const nodeId = createHash('sha256').update(name).digest('hex') as NodeId;
    const call: ServedCall = { question, line, nodeId, folder: undefined, isStopped: false };
    this.#calls.add(call);
    this.#waiting.push(call);
    this.#beginNext();
  }

  #beginNext(): void {
    while (this.#begun < this.#served.maxCalls) {
      const call = this.#waiting.shift();
      if (!call) break;
      this.#begun += 1;
      void this.#begin(call);
    }
    if (this.#begun === 0) this.#onIdle?.();
  }

  async #begin(call: ServedCall): Promise<void> {
    try {
      if (call.isStopped) return this.#end(call);
      const scratch = await this.#started();
      const submission = await this.#read(call, scratch);
      if (call.isStopped) return this.#end(call);
      this.#open.set(call.nodeId, call);
      scratch.adapter.submit([submission]);
    } catch (error) {
      this.#finish(call, lineOf(call.question, answerOfError(error)));
    }
  }

  #started(): Promise<ScratchAdapter> {
    const started = this.#scratch.then(
      (last) => last ?? ScratchAdapter.create(this.#served.start, (reports) => this.#take(reports)),
    );
    this.#scratch = started;
    return started;
  }

  async #read(call: ServedCall, { objects }: ScratchAdapter): Promise<Submission> {
    const { name, functionDatumIdOf } = this.#served;
    const { functionUri, folder, attempt, timeLimitMs, natives, limits } = call.question;
    const exact = parseExactJson(call.line) as {
      readonly inputs: readonly unknown[];
      readonly function?: unknown;
    };
    if (adapterNameOf(functionUri) !== name || !Object.hasOwn(exact, 'function'))
      throw new Error(`does not run ${functionUri} without the function itself`);
    const exchange = new ExchangeFolder(folder, objects);
    call.folder = exchange;
    // @spec DML-EXE-3233
    if ((await exchange.take(exact.function, 'the function')) !== functionDatumIdOf(functionUri))
      throw new Error(`was given another function than ${functionUri}`);
    const inputDatumIds: DatumId[] = [];
    for (const [at, input] of exact.inputs.entries())
      inputDatumIds.push(await exchange.take(input, `input ${at + 1}`));
    return {
      nodeId: call.nodeId,
      functionUri,
      inputDatumIds,
      executionKey: call.nodeId as string as ExecutionKey,
      attempt,
      timeoutMs: timeLimitMs,
      ...(natives && { natives: natives as readonly NativePackage[] }),
      ...(limits && { limits: limits as ScriptLimits }),
    };
  }

  #take(reports: readonly AdapterReport[]): void {
    for (const report of reports) {
      if (report.type === 'objects') continue;
      const call = this.#open.get(report.nodeId);
      if (!call) continue;
      if (report.type === 'output')
        this.#answer(call.question, { status: 'output', stream: report.stream, text: report.text });
      else if (report.type === 'answered') void this.#finishWith(call, report.answer);
      else if (report.type === 'nested') this.#refuseCalls(call);
    }
  }

  async #finishWith(call: ServedCall, answer: AdapterAnswer): Promise<void> {
    this.#open.delete(call.nodeId);
    try {
      this.#finish(call, await this.#formOf(call, answer));
    } catch (error) {
      this.#finish(call, lineOf(call.question, answerOfError(error)));
    }
  }

  /**
   * Returns an answer as the protocol has it.
   *
   * @spec DML-EXE-3232
   */
  async #formOf(call: ServedCall, answer: AdapterAnswer): Promise<string> {
    const members = (more: object): string => lineOf(call.question, more);
    switch (answer.type) {
      case 'done': {
        const usage = answer.usage && { usage: answer.usage };
        if (answer.outcome === 'error') {
          const { failure, names } = answer;
          return members({ status: 'done', outcome: 'error', error: { ...failure, names }, ...usage });
        }
        const folder = call.folder as ExchangeFolder;
        const values = await folder.layOut([answer.datumId], {
          subfolder: 'results',
          maxCharacters: DEFAULT_LIMITS.lineBytes / 2,
        });
        const head = members({ status: 'done', outcome: 'ok', ...usage });
        return `${head.slice(0, -1)},"value":${values.join('')}}`;
      }
      case 'failed':
        return members(failedForm(answer));
      case 'broken':
        throw answer.error;
      case 'pending':
        throw new Error('an adapter in the box answers by itself');
    }
  }

  #finish(call: ServedCall, line: string): void {
    if (!call.isStopped) this.#write(line);
    this.#end(call);
  }

  #end(call: ServedCall): void {
    this.#calls.delete(call);
    this.#begun -= 1;
    // @spec DML-EXE-3237
    if (this.#begun === 0) this.#scratch = this.#scratch.then((last) => last?.unlessFull());
    // The next call is answered with why it failed.
    this.#scratch.catch(() => {});
    this.#beginNext();
  }

  /** @spec DML-EXE-3234 */
  #refuseCalls(call: ServedCall): void {
    const reason = 'runs no function that makes calls of its own; the threads of an Executor do';
    this.#answer(call.question, { status: 'failed', code: 'adapter_refused', reason });
    this.#stop(call);
  }

  #cancel(executionUuid: string): void {
    for (const call of this.#calls) if (call.question.executionUuid === executionUuid) this.#stop(call);
  }

  /** Ends a call that nothing is to be heard of any more. */
  #stop(call: ServedCall): void {
    call.isStopped = true;
    if (!this.#open.delete(call.nodeId)) return;
    void this.#scratch.then((scratch) => {
      scratch?.adapter.stop(call.nodeId);
      this.#end(call);
    });
  }
}

/** Returns a failure under a code of the protocol, which says as much about whether to try again. */
function failedForm({ code, reason }: AdapterAnswer & { readonly type: 'failed' }): object {
  const isKnown = FAILURE_CODES.some((each) => each === code);
  const known = isKnown ? code : isRetryable(code) ? 'worker_lost' : 'adapter_refused';
  return { status: 'failed', code: known, reason: isKnown ? reason : `${reason} (${code})` };
}

/** Returns what an error means for its question. Throws one of the store: whatever comes next would fail as well. */
function answerOfError(error: unknown): object {
  if (isStoreFailure(error)) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof JsonTooLong) {
    const advice = 'has a result that is too long for a line of JSON; return it as a blob';
    return { status: 'failed', code: 'adapter_refused', reason: advice };
  }
  const given = error instanceof InvalidJson ? `was given a value that ${reason}` : reason;
  return { status: 'failed', code: 'adapter_refused', reason: given };
}

/** Returns the line that answers a question. */
function lineOf({ id }: Pick<Question, 'id'>, answer: object): string {
  return JSON.stringify({ id, ...answer });
}
