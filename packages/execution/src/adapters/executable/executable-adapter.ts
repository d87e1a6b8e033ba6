import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type DatumId, isDmlError, type NodeId } from '@daggerml/object-model';
import { adapterNameOf } from '@daggerml/repository';
import { InvalidJson, parseExactJson } from '../../json/exact-json.ts';
import { JsonTooLong } from '../../json/write-value.ts';
import { PrivateFolder } from '../../process/private-folder.ts';
import { isRetryable, isStoreFailure } from '../../run/failure-effect.ts';
import type { Ran } from '../../run/receipt.ts';
import { notHere } from '../failure-answer.ts';
import type {
  AdapterAnswer,
  AdapterContext,
  AdapterTraits,
  ExecutionAdapter,
  Poll,
  Submission,
} from '../port.ts';
import type { AdapterFailure, FinalAnswer, Reply } from './adapter-process.ts';
import { AdapterProcesses, type AdapterProtocol, type Inquiry } from './adapter-processes.ts';
import { ExchangeFolder } from './exchange-folder.ts';
import { findExecutable } from './find-executable.ts';
import { type AdapterLimits, DEFAULT_LIMITS } from './limits.ts';
import { PROTOCOL } from './protocol.ts';

export interface ExecutableAdapterOptions {
  /** Name of the executable and of the adapter in the URIs of functions. */
  readonly name: string;
  /** Folders in which the executable is looked for, as PATH names them. */
  readonly searchPath: string;
  /** The whole environment of its processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Processes that run at one time. */
  readonly size: number;
  readonly limits?: Partial<AdapterLimits>;
  /** An adapter in the box, instead of an executable of the search path. */
  readonly boxed?: BoxedAdapter;
}

/** An adapter in the box that runs in processes of its own. */
export interface BoxedAdapter {
  /** Absolute path of its program, and the arguments, the name that it is called by first. */
  readonly program: string;
  readonly args: readonly string[];
  /** Returns the datum of the function that a URI names. */
  readonly functionDatumIdOf: (functionUri: string) => DatumId;
}

/** One execution of a call, in however many attempts. */
interface Execution {
  readonly call: Pick<Submission, 'nodeId' | 'timeoutMs'>;
  readonly executionUuid: string;
  readonly folder: ExchangeFolder;
  executionToken: string | undefined;
  /** The question to which the adapter owes an answer. */
  inquiry: Inquiry | undefined;
  hasStarted: boolean;
  timer: NodeJS.Timeout | undefined;
  isLate: boolean;
  /** Resolves when the adapter has answered that it is to end the job. */
  cancelled: Promise<void> | undefined;
}

const EXECUTION: AdapterProtocol = {
  protocol: PROTOCOL,
  load: async () => (await import('./message-schemas.ts')).parseAnswer,
};

/** Questions beyond the processes wait here at no cost. */
const CAPACITY = 4096;
const MAX_MESSAGE_CHARACTERS = 4096;

/** Runs calls through an executable that speaks the adapter protocol, which is trusted with nothing. */
export class ExecutableAdapter implements ExecutionAdapter {
  readonly capacity: number = CAPACITY;
  readonly #context: AdapterContext;
  readonly #options: ExecutableAdapterOptions;
  readonly #limits: AdapterLimits;
  readonly #executions = new Map<NodeId, Execution>();
  readonly #ending = new Set<Promise<unknown>>();
  #folder: PrivateFolder | undefined;
  #processes: AdapterProcesses | undefined;
  #isClosed = false;

  constructor(context: AdapterContext, options: ExecutableAdapterOptions) {
    this.#context = context;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
  }

  /** Returns that jobs outlive this process: a backend may go on with them, but none is behind an adapter in the box. */
  traitsOf(): AdapterTraits {
    const { boxed, size } = this.#options;
    return boxed ? { width: size } : { outlives: true };
  }

  submit(submissions: readonly Submission[]): void {
    for (const submission of submissions) {
      const isOwn = adapterNameOf(submission.functionUri) === this.#options.name;
      const processes = isOwn ? this.#started() : undefined;
      if (processes) this.#submit(submission, processes);
      else this.#answerLater(submission.nodeId, unknown(submission.functionUri, this.#options.name));
    }
  }

  poll(polls: readonly Poll[]): void {
    for (const poll of polls) {
      const { nodeId, token } = poll;
      const execution = this.#executions.get(nodeId) ?? this.#takenUp(poll);
      if (!execution) {
        this.#answerLater(nodeId, unknown(poll.functionUri, this.#options.name));
      } else if (execution.isLate) {
        this.#answerLater(nodeId, tooLate(execution));
        this.#cancel(execution);
      } else {
        execution.executionToken = token;
        this.#ask(execution, {
          limitMs: this.#limits.pollMs,
          // @spec DML-EXE-1302
          makeLine: (id) => this.#line(id, 'poll', execution, { executionToken: token }),
        });
      }
    }
  }

  /** Resumes an execution that another process has submitted; undefined without the executable. */
  #takenUp(poll: Poll): Execution | undefined {
    if (!this.#started()) return undefined;
    // @spec DML-EXE-3225
    const execution = this.#executionOf(poll);
    this.#executions.set(poll.nodeId, execution);
    return execution;
  }

  stop(nodeId: NodeId): void {
    const execution = this.#executions.get(nodeId);
    if (!execution) return;
    this.#cancel(execution);
    this.#forget(execution);
  }

  async close(): Promise<void> {
    for (const nodeId of [...this.#executions.keys()]) this.stop(nodeId);
    await Promise.all(this.#ending);
    this.#isClosed = true;
    await this.#processes?.close();
    await this.#folder?.close();
  }

  /** Finds the executable for the first call; undefined where there is none. */
  #started(): AdapterProcesses | undefined {
    if (this.#processes || this.#isClosed) return this.#processes;
    const { name, searchPath, environment, size, boxed } = this.#options;
    // @spec DML-EXE-1401
    const program = boxed?.program ?? findExecutable(name, searchPath);
    // @spec DML-EXE-1308
    if (program === undefined) return undefined;
    this.#folder = new PrivateFolder('dml-adapter');
    const folder = this.#folder.path;
    this.#processes = new AdapterProcesses({
      speaks: EXECUTION,
      program,
      args: boxed?.args ?? [name],
      environment,
      folder,
      size,
      limits: this.#limits,
    });
    return this.#processes;
  }

  /** Returns the execution of a call: that of the attempt before, by which a backend knows its job, or a new one. */
  #executionOf(call: Submission | Poll): Execution {
    const { nodeId, executionUuid } = call;
    const known = this.#executions.get(nodeId);
    // @spec DML-EXE-3215
    if (known && (executionUuid ?? known.executionUuid) === known.executionUuid)
      return { ...known, executionToken: undefined, isLate: false };
    if (known) this.#forget(known);
    const own = executionUuid ?? randomUUID();
    const folder = join((this.#folder as PrivateFolder).path, own);
    return {
      call: { nodeId, timeoutMs: 'timeoutMs' in call ? call.timeoutMs : undefined },
      executionUuid: own,
      folder: new ExchangeFolder(folder, this.#context.objects),
      executionToken: undefined,
      inquiry: undefined,
      hasStarted: false,
      timer: undefined,
      isLate: false,
      cancelled: undefined,
    };
  }

  #submit(submission: Submission, processes: AdapterProcesses): void {
    const { nodeId, functionUri, executionKey, attempt, inputDatumIds, timeoutMs, natives, limits } =
      submission;
    const { boxed } = this.#options;
    const execution = this.#executionOf(submission);
    this.#executions.set(nodeId, execution);
    this.#ask(execution, {
      makeLine: async (id) => {
        this.#start(execution, processes);
        // @spec DML-EXE-3230
        const functions = boxed ? [boxed.functionDatumIdOf(functionUri)] : [];
        const values = await execution.folder.layOut([...functions, ...inputDatumIds], {
          subfolder: 'inputs',
          maxCharacters: this.#limits.lineBytes,
        });
        const inputs = `"inputs":[${values.splice(functions.length).join(',')}]`;
        const given = values.map((value) => `,"function":${value}`).join('');
        const facts = { callNodeId: nodeId, executionKey, functionUri, attempt };
        const timed = timeoutMs === undefined ? {} : { timeLimitMs: timeoutMs };
        const more = boxed ? { natives, limits } : {};
        const line = this.#line(id, 'submit', execution, { ...facts, ...timed, ...more });
        return `${line.slice(0, -1)},${inputs}${given}}`;
      },
    });
  }

  /** Notes that an attempt has begun, once. */
  #start(execution: Execution, processes: AdapterProcesses): void {
    const { nodeId, timeoutMs } = execution.call;
    if (execution.hasStarted) return;
    execution.hasStarted = true;
    this.#context.report([{ type: 'started', nodeId }]);
    if (timeoutMs === undefined) return;
    // @spec DML-EXE-3221
    execution.timer = setTimeout(() => {
      execution.isLate = true;
      if (!execution.inquiry) return;
      processes.withdraw(execution.inquiry);
      execution.inquiry = undefined;
      this.#answer(execution, this.#failed(tooLate(execution)));
    }, timeoutMs);
  }

  #line(id: number, operation: string, execution: Execution, more: object): string {
    const { executionUuid, folder } = execution;
    return JSON.stringify({ protocol: PROTOCOL, id, operation, executionUuid, folder: folder.path, ...more });
  }

  #ask(execution: Execution, question: Pick<Inquiry, 'makeLine' | 'limitMs'>): void {
    const { nodeId } = execution.call;
    const inquiry: Inquiry = {
      ...question,
      cancelLine: (id) => this.#cancelLine(id, execution),
      // @spec DML-EXE-3207
      emit: (stream, text) => this.#context.report([{ type: 'output', nodeId, stream, text }]),
      onReply: (reply) => {
        execution.inquiry = undefined;
        void this.#take(execution, reply);
      },
      onError: (error) => {
        execution.inquiry = undefined;
        this.#answer(execution, this.#answerOfError(error));
      },
    };
    execution.inquiry = inquiry;
    this.#processes?.ask(inquiry);
  }

  /** @spec DML-EXE-3224 */
  get #ran(): Ran {
    const { name } = this.#options;
    return { adapter: name, backend: 'executable', runtime: `${name} ${this.#processes?.version}` };
  }

  async #take(execution: Execution, reply: Reply): Promise<void> {
    if (reply.type === 'broke') return this.#answer(execution, this.#failed(reply.failure));
    try {
      this.#answer(execution, await this.#answerOf(execution, reply.answer, reply.line));
    } catch (error) {
      this.#answer(execution, this.#answerOfError(error));
    }
  }

  async #answerOf(execution: Execution, answer: FinalAnswer, line: string): Promise<AdapterAnswer> {
    switch (answer.status) {
      case 'pending':
        return { type: 'pending', token: answer.executionToken, pollAfterMs: answer.pollAfterMs };
      case 'failed':
        return {
          ...this.#failed({ code: answer.code, reason: `says: ${answer.reason ?? answer.code}` }),
          // Of a backend that does not answer, nobody knows. @spec DML-EXE-3226
          hasEnded: answer.code !== 'unreachable',
        };
      case 'done': {
        // @spec DML-EXE-3238
        const facts = { ran: this.#ran, ...(answer.usage && { usage: answer.usage }) };
        if (answer.outcome === 'ok') {
          const { value } = parseExactJson(line) as { readonly value: unknown };
          const datumId = await execution.folder.take(value, 'the result');
          return { type: 'done', outcome: 'ok', datumId, ...facts };
        }
        // @spec DML-EXE-3219
        const { message, trace = [], code = 'function_threw', names } = answer.error;
        const placeless = (text: string): string => text.replaceAll(execution.folder.path, '<folder>');
        const failure = {
          code,
          message: placeless(message).slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed(),
          trace: trace.map(placeless),
        };
        // @spec DML-EXE-3239
        return { type: 'done', outcome: 'error', failure, names, ...facts };
      }
      default:
        return this.#failed({
          code: 'adapter_protocol',
          reason: `answered with the status "${answer.status}", which is none of the question`,
        });
    }
  }

  /** Returns what a result that cannot be taken means: the value is none, or the answer. */
  #answerOfError(error: unknown): AdapterAnswer {
    if (error instanceof InvalidJson)
      return this.#failed({ code: 'adapter_protocol', reason: `gave a result that ${error.message}` });
    // @spec DML-EXE-3216
    if (error instanceof JsonTooLong) {
      const reason = `cannot take inputs of more than ${this.#limits.lineBytes} bytes as JSON; pass them as a blob`;
      return this.#failed({ code: 'adapter_refused', reason });
    }
    if (isStoreFailure(error)) return { type: 'broken', error };
    const reason = error instanceof Error ? error.message : String(error);
    // @spec DML-EXE-3218
    if (isDmlError(error, 'unsupported_value') || isDmlError(error, 'cyclic_value'))
      return {
        type: 'done',
        outcome: 'error',
        failure: { code: error.code, message: reason, trace: [] },
        ran: this.#ran,
      };
    const withheld = notHere(error);
    if (withheld) return withheld;
    if (isDmlError(error, 'object_missing') || isDmlError(error, 'adapter_unknown'))
      return { type: 'failed', isRetryable: false, code: error.code, reason };
    return this.#failed({ code: 'adapter_protocol', reason: `gave a result that cannot be read: ${reason}` });
  }

  #answer(execution: Execution, answer: AdapterAnswer): void {
    const { nodeId } = execution.call;
    if (this.#executions.get(nodeId) !== execution) return;
    if (answer.type === 'done' || (answer.type === 'failed' && !answer.isRetryable)) this.#forget(execution);
    else if (answer.type === 'failed') clearTimeout(execution.timer);
    this.#context.report([{ type: 'answered', nodeId, answer }]);
  }

  #answerLater(nodeId: NodeId, failure: AdapterFailure): void {
    const answer = this.#failed(failure);
    setImmediate(() => this.#context.report([{ type: 'answered', nodeId, answer }]));
  }

  /** @spec DML-EXE-3208 */
  #failed({ code, reason }: AdapterFailure): AdapterAnswer & { readonly type: 'failed' } {
    const named = `the adapter "${this.#options.name}" ${reason}`;
    return { type: 'failed', isRetryable: isRetryable(code), code, reason: named };
  }

  #forget(execution: Execution): void {
    clearTimeout(execution.timer);
    this.#executions.delete(execution.call.nodeId);
    // @spec DML-EXE-3220
    this.#track(Promise.resolve(execution.cancelled).then(() => execution.folder.remove()));
  }

  /**
   * Asks a backend to end the job of an execution.
   *
   * @spec DML-EXE-3213
   */
  #cancel(execution: Execution): void {
    if (execution.inquiry) this.#processes?.withdraw(execution.inquiry);
    execution.inquiry = undefined;
    if (execution.executionToken === undefined) return;
    execution.cancelled = new Promise<void>((resolve) => {
      this.#processes?.ask({
        makeLine: (id) => this.#cancelLine(id, execution),
        cancelLine: (id) => this.#cancelLine(id, execution),
        limitMs: this.#limits.pollMs,
        emit: () => {},
        onReply: () => resolve(),
        onError: () => resolve(),
      });
    });
    this.#track(execution.cancelled);
  }

  #cancelLine(id: number, execution: Execution): string {
    const { executionToken } = execution;
    return this.#line(id, 'cancel', execution, executionToken === undefined ? {} : { executionToken });
  }

  #track(promise: Promise<unknown>): void {
    this.#ending.add(promise);
    void promise.then(() => this.#ending.delete(promise));
  }
}

function unknown(functionUri: string, name: string): AdapterFailure {
  const reason =
    adapterNameOf(functionUri) === name
      ? 'is not installed: no folder of PATH that others cannot write to has an executable of that name'
      : `does not run ${functionUri}`;
  return { code: 'adapter_unknown', reason };
}

function tooLate({ call }: Execution): AdapterFailure {
  return { code: 'timeout', reason: `took longer than ${call.timeoutMs} ms` };
}
