import type { ProcessEnd, ProcessRun } from '../../process/process-run.ts';
import { BoundedOutput } from './bounded-output.ts';
import type { AdapterLimits } from './limits.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Answer } from './protocol.ts';

/** Reason why an attempt failed although its function did not. */
export interface AdapterFailure {
  readonly code:
    | 'adapter_protocol'
    | 'adapter_refused'
    | 'adapter_unknown'
    | 'timeout'
    | 'unreachable'
    | 'worker_lost';
  readonly reason: string;
}

/** Members that the answers of every protocol have. */
export interface AnyAnswer {
  readonly id: number;
  readonly status: string;
}

/** An answer that ends its question. */
export type FinalAnswer<Any extends AnyAnswer = Answer> = Exclude<Any, OutputAnswer>;

type OutputAnswer = Extract<Answer, { readonly status: 'output' }>;

/** End of a question: an answer with the line that it is, or the end of the process. */
export type Reply<Any extends AnyAnswer = Answer> =
  | { readonly type: 'answer'; readonly answer: FinalAnswer<Any>; readonly line: string }
  /** `isCertain` is false where another question may have been the reason. */
  | {
      readonly type: 'broke';
      readonly failure: AdapterFailure;
      readonly isCertain: boolean;
      /** True where the process has not seen the question. */
      readonly isUnseen?: boolean;
    };

export type EmitOutput = (stream: 'stdout' | 'stderr', text: string) => void;

/** Returns the answer that JSON is, or what is wrong with it. */
export type ParseAnswer<Any extends AnyAnswer = Answer> = (json: unknown) => Any | string;

interface Question<Any extends AnyAnswer> {
  readonly resolve: (reply: Reply<Any>) => void;
  readonly output: Readonly<Record<'stdout' | 'stderr', BoundedOutput>>;
}

/** One process of an adapter, of which many questions can be asked at a time. */
export class AdapterProcess<Any extends AnyAnswer = Answer> {
  /** Resolves once nothing of it runs. */
  readonly ended: Promise<ProcessEnd | undefined>;
  readonly #run: ProcessRun;
  readonly #limits: AdapterLimits;
  readonly #parseAnswer: ParseAnswer<Any>;
  readonly #questions = new Map<number, Question<Any>>();
  readonly #splitter: LineSplitter;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  readonly #stderr: BoundedOutput;
  #sending: Promise<unknown> = Promise.resolve();
  #failure: AdapterFailure | undefined;
  #violation: AdapterFailure | undefined;

  constructor(run: ProcessRun, limits: AdapterLimits, parseAnswer: ParseAnswer<Any>) {
    this.#run = run;
    this.#parseAnswer = parseAnswer;
    this.#limits = limits;
    this.#splitter = new LineSplitter(limits.lineBytes);
    this.#stderr = new BoundedOutput(limits.outputBytes, (text) => this.#emitStderr(text));
    const decoder = new TextDecoder();
    run.stdin?.on('error', () => {});
    run.stdout.on('data', (bytes: Uint8Array) => this.#takeBytes(bytes));
    run.stderr.on('data', (bytes: Uint8Array) => this.#stderr.add(decoder.decode(bytes, { stream: true })));
    this.ended = run.ended.then(
      (end) => this.#takeEnd(end),
      (error: Error) =>
        void this.#break({ code: 'adapter_unknown', reason: `cannot be started (${error.message})` }),
    );
  }

  /** True until the process has ended or broken the protocol. */
  get isUsable(): boolean {
    return this.#failure === undefined;
  }

  /** The breach of the protocol that it was ended for, if any. */
  get violation(): AdapterFailure | undefined {
    return this.#violation;
  }

  /**
   * Asks a question, whose line is made when the process takes it. Output before the answer goes to `emit`. Rejects
   * with what `makeLine` throws.
   */
  async ask(id: number, makeLine: () => string | Promise<string>, emit: EmitOutput): Promise<Reply<Any>> {
    let resolve: (reply: Reply<Any>) => void = () => {};
    const replied = new Promise<Reply<Any>>((settle) => {
      resolve = settle;
    });
    const sent = this.#sending.then(async () => {
      const line = await makeLine();
      if (this.#failure)
        return resolve({ type: 'broke', failure: this.#failure, isCertain: false, isUnseen: true });
      this.#questions.set(id, { resolve, output: this.#boundedOutput(emit) });
      if (this.#run.stdin?.write(`${line}\n`) === false) await this.#drained();
    });
    this.#sending = sent.catch(() => {});
    await Promise.race([sent, replied]);
    return replied;
  }

  /** Forgets a question, to which no answer may come any more. */
  forget(id: number): void {
    this.#questions.delete(id);
  }

  /** Closes its input behind what was asked: it is to end by itself then. */
  async endInput(): Promise<void> {
    await this.#sending;
    this.#run.stdin?.end();
  }

  /** Returns how it ended after the end of its input, and whether it had to be ended. */
  async finish(
    limitMs: number = this.#limits.graceMs,
  ): Promise<{ readonly end: ProcessEnd | undefined; readonly hadToBeEnded: boolean }> {
    void this.endInput();
    let hadToBeEnded = false;
    const timer = setTimeout(() => {
      hadToBeEnded = true;
      this.#run.stop(this.#limits.graceMs);
    }, limitMs);
    const end = await this.ended;
    clearTimeout(timer);
    return { end, hadToBeEnded };
  }

  /** Ends it with everything that it started; questions that are open end with the failure, which none of them is. */
  async end(failure: AdapterFailure): Promise<void> {
    this.#break(failure, 'none');
    this.#run.stop(this.#limits.graceMs);
    await this.ended;
  }

  #boundedOutput(emit: EmitOutput): Question<Any>['output'] {
    const { outputBytes } = this.#limits;
    return {
      stdout: new BoundedOutput(outputBytes, (text) => emit('stdout', text)),
      stderr: new BoundedOutput(outputBytes, (text) => emit('stderr', text)),
    };
  }

  /** Resolves when its input takes more, or it has ended. */
  async #drained(): Promise<void> {
    await Promise.race([new Promise((resolve) => this.#run.stdin?.once('drain', resolve)), this.ended]);
  }

  #takeBytes(bytes: Uint8Array): void {
    if (this.#failure) return;
    const { lines, isTooLong } = this.#splitter.add(bytes);
    for (const line of lines) this.#takeLine(line);
    if (isTooLong) this.#violated(`wrote a line of more than ${this.#limits.lineBytes} bytes`);
  }

  #takeLine(bytes: Uint8Array): void {
    if (this.#failure) return;
    let line: string;
    let json: unknown;
    try {
      line = this.#utf8.decode(bytes);
    } catch {
      return this.#violated('wrote a line that is not UTF-8');
    }
    try {
      json = JSON.parse(line);
    } catch {
      return this.#violated(`wrote a line that is no JSON: ${JSON.stringify(line.slice(0, 80))}`);
    }
    const asked = this.#questions.get((json as { readonly id?: number } | null)?.id as number);
    const answer = this.#parseAnswer(json);
    if (typeof answer === 'string') return this.#violated(`gave a wrong answer (${answer})`, asked);
    if (!asked) return this.#violated(`answered a question that is not open, ${answer.id}`);
    if (isOutput(answer)) return asked.output[answer.stream].add(answer.text);
    this.#questions.delete(answer.id);
    this.#stderr.reset();
    asked.resolve({ type: 'answer', answer: answer as FinalAnswer<Any>, line });
  }

  /** @spec DML-EXE-1306 */
  #violated(reason: string, guilty?: Question<Any>): void {
    this.#violation = { code: 'adapter_protocol', reason };
    this.#break(this.#violation, guilty);
    this.#run.stop(this.#limits.graceMs);
  }

  #takeEnd(end: ProcessEnd): ProcessEnd {
    const rest = this.#splitter.rest();
    if (rest.length > 0) this.#takeLine(rest);
    this.#break(failureOfEnd(end));
    return end;
  }

  /** Ends all questions; `guilty` is the one that is the reason, where that is known. */
  #break(failure: AdapterFailure, guilty?: Question<Any> | 'none'): void {
    if (this.#failure) return;
    const tail = this.#stderr.tail.trim();
    const reason = tail === '' ? failure.reason : `${failure.reason}; its standard error ends with: ${tail}`;
    const named = { ...failure, reason };
    this.#failure = named;
    const isAlone = this.#questions.size === 1 && guilty !== 'none';
    for (const question of this.#questions.values())
      question.resolve({ type: 'broke', failure: named, isCertain: question === guilty || isAlone });
    this.#questions.clear();
  }

  /** Passes on what is written to standard error where it is certain for which question. */
  #emitStderr(text: string): void {
    const [only, ...others] = this.#questions.values();
    if (only && others.length === 0) only.output.stderr.add(text);
  }
}

function isOutput(answer: AnyAnswer): answer is OutputAnswer {
  return answer.status === 'output';
}

/** Returns what the end of a process means for the questions that it has not answered. */
export function failureOfEnd({ exitCode, signal }: ProcessEnd): AdapterFailure {
  // @spec DML-EXE-1307
  if (signal !== null) return { code: 'worker_lost', reason: `was ended by ${signal}` };
  if (exitCode !== 0) return { code: 'worker_lost', reason: `ended with exit code ${exitCode}` };
  return { code: 'adapter_protocol', reason: 'ended without an answer' };
}
