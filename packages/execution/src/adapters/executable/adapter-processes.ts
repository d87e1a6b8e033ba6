import { join } from 'node:path';
import { ProcessRun } from '../../process/process-run.ts';
import {
  type AdapterFailure,
  AdapterProcess,
  type AnyAnswer,
  type EmitOutput,
  failureOfEnd,
  type ParseAnswer,
  type Reply,
} from './adapter-process.ts';
import type { AdapterLimits } from './limits.ts';
import type { Answer } from './protocol.ts';

/** Description that an adapter gives of itself in every protocol. */
export interface AnyDescription {
  readonly version: string;
  readonly protocol: number | string;
  readonly capabilities: {
    readonly persistent?: boolean | undefined;
    readonly maxCalls?: number | undefined;
  };
}

/** A protocol that adapters speak. */
export interface AdapterProtocol<Any extends AnyAnswer = Answer> {
  readonly protocol: number | string;
  /** Loads what reads answers, while the first process starts. */
  readonly load: () => Promise<ParseAnswer<Any>>;
}

/** A question to an adapter, with what becomes of it. */
export interface Inquiry<Any extends AnyAnswer = Answer> {
  /** Makes the line of the question; runs when a process takes it. */
  readonly makeLine: (id: number) => string | Promise<string>;
  readonly emit: EmitOutput;
  readonly onReply: (reply: Reply<Any>) => void;
  /** Receives what `makeLine` throws. */
  readonly onError: (error: unknown) => void;
  readonly limitMs?: number | undefined;
  /** Makes the line that asks a process to give up the question; without it the process is ended. */
  readonly cancelLine?: ((id: number) => string) | undefined;
  /** True where the question is never asked a second time once a process may have seen it. */
  readonly isAskedOnce?: boolean | undefined;
}

/** An inquiry on its way. */
class Pending<Any extends AnyAnswer> {
  readonly inquiry: Inquiry<Any>;
  id = 0;
  slot: Slot<Any> | undefined;
  /** True where no other question may be asked of the process. */
  isAlone = false;
  isOver = false;

  constructor(inquiry: Inquiry<Any>) {
    this.inquiry = inquiry;
  }
}

interface Slot<Any extends AnyAnswer> {
  readonly process: AdapterProcess<Any>;
  readonly isOnce: boolean;
  readonly open: Set<Pending<Any>>;
}

export interface AdapterProcessesOptions<Any extends AnyAnswer = Answer> {
  readonly speaks: AdapterProtocol<Any>;
  /** Absolute path of the executable. */
  readonly program: string;
  /** Arguments, the name that the program is called by first. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of this run that others cannot enter. */
  readonly folder: string;
  readonly limits: AdapterLimits;
  /** Processes that run at one time. */
  readonly size: number;
}

/**
 * The processes of one adapter. The first one is asked what the adapter is; it stays where that is persistent, and more
 * start as long as all have as many questions as they take. Otherwise each question has a process of its own.
 */
export class AdapterProcesses<Any extends AnyAnswer = Answer> {
  readonly #options: AdapterProcessesOptions<Any>;
  readonly #slots = new Set<Slot<Any>>();
  #queue: Pending<Any>[] = [];
  readonly #pending = new Map<Inquiry<Any>, Pending<Any>>();
  readonly #ending = new Set<Promise<unknown>>();
  #description: AnyDescription | undefined;
  #describing: Promise<void> | undefined;
  #parseAnswer: ParseAnswer<Any> | undefined;
  #started = 0;
  #ids = 0;
  #isClosed = false;

  constructor(options: AdapterProcessesOptions<Any>) {
    this.#options = options;
  }

  /** Version that the adapter says it has; undefined before it has answered anything. */
  get version(): string | undefined {
    return this.#description?.version;
  }

  /** Asks a question as soon as a process takes it. */
  ask(inquiry: Inquiry<Any>): void {
    const pending = new Pending(inquiry);
    this.#pending.set(inquiry, pending);
    this.#queue.push(pending);
    this.#dispatch();
  }

  /**
   * Withdraws a question, so that nothing of it is heard any more. A process that works on it is asked to give it up,
   * and ended where it does not.
   */
  withdraw(inquiry: Inquiry<Any>): void {
    const pending = this.#pending.get(inquiry);
    if (!pending) return;
    this.#over(pending);
    this.#queue = this.#queue.filter((each) => each !== pending);
    this.#stop(pending);
  }

  /**
   * Resolves once no process runs; nothing is heard of open questions any more.
   *
   * @spec DML-EXE-1408
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const pending of this.#pending.values()) pending.isOver = true;
    this.#queue = [];
    await Promise.all(this.#ending);
    const slots = [...this.#slots];
    await Promise.all(
      slots.map(({ open, process }) => (open.size === 0 ? process.finish() : process.end(withdrawn))),
    );
    await this.#describing;
    await Promise.all(this.#ending);
  }

  #dispatch(): void {
    if (this.#isClosed || this.#queue.length === 0) return;
    if (!this.#description) {
      this.#describing ??= this.#describe();
      return;
    }
    while (this.#queue[0]) {
      const slot = this.#slotFor(this.#queue[0].isAlone);
      if (!slot) return;
      void this.#run(slot, this.#queue.shift() as Pending<Any>);
    }
  }

  /**
   * Returns a process that takes a question.
   *
   * @spec DML-EXE-3212
   */
  #slotFor(isAlone: boolean): Slot<Any> | undefined {
    const { persistent = false, maxCalls = 1 } = (this.#description as AnyDescription).capabilities;
    const isOnce = isAlone || !persistent;
    const usable = [...this.#slots].filter((slot) => !slot.isOnce && slot.process.isUsable);
    if (!isOnce) {
      const free = usable.find(({ open }) => open.size < maxCalls);
      if (free) return free;
    }
    if (this.#slots.size < this.#options.size) return this.#start(isOnce);
    const idle = usable.find(({ open }) => open.size === 0);
    if (idle) this.#track(this.#retire(idle));
    return undefined;
  }

  #startProcess(): ProcessRun {
    const { program, args, environment, folder } = this.#options;
    // The folder is private and its path is never used again, so nothing else has it in its environment.
    const mark = `${join(folder, `process-${++this.#started}`)}/`;
    // @spec DML-EXE-1403
    return new ProcessRun({
      program,
      args,
      folder,
      // @spec DML-EXE-1404
      env: { ...environment, DML_ADAPTER_PROCESS: mark },
      mark,
      hasInput: true,
    });
  }

  #start(isOnce: boolean, run: ProcessRun = this.#startProcess()): Slot<Any> {
    const process = new AdapterProcess(run, this.#options.limits, this.#parseAnswer as ParseAnswer<Any>);
    const slot: Slot<Any> = { process, isOnce, open: new Set() };
    this.#slots.add(slot);
    void slot.process.ended.then(() => {
      this.#slots.delete(slot);
      this.#dispatch();
    });
    return slot;
  }

  async #run(slot: Slot<Any>, pending: Pending<Any>): Promise<void> {
    const { inquiry } = pending;
    pending.slot = slot;
    pending.id = ++this.#ids;
    slot.open.add(pending);
    const timer =
      inquiry.limitMs === undefined ? undefined : setTimeout(() => this.#late(pending), inquiry.limitMs);
    try {
      const asked = slot.process.ask(pending.id, () => inquiry.makeLine(pending.id), inquiry.emit);
      if (slot.isOnce) void slot.process.endInput();
      const reply = await asked;
      const checked =
        slot.isOnce && reply.type === 'answer'
          ? await endedWell(slot.process, reply, this.#options.limits.endMs)
          : reply;
      this.#reply(pending, checked);
    } catch (error) {
      const isOver = pending.isOver;
      this.#over(pending);
      if (!isOver) inquiry.onError(error);
      if (slot.isOnce) this.#track(slot.process.end(withdrawn));
    } finally {
      clearTimeout(timer);
      slot.open.delete(pending);
      this.#dispatch();
    }
  }

  #reply(pending: Pending<Any>, reply: Reply<Any>): void {
    if (pending.isOver) return;
    // @spec DML-EXE-3210
    if (reply.type === 'broke' && !reply.isCertain && mayAskAgain(pending, reply.isUnseen)) {
      pending.isAlone = true;
      pending.slot = undefined;
      this.#queue.unshift(pending);
      return;
    }
    this.#over(pending);
    pending.inquiry.onReply(reply);
  }

  /** @spec DML-EXE-1407 */
  #late(pending: Pending<Any>): void {
    const { limitMs, onReply } = pending.inquiry;
    const isOver = pending.isOver;
    this.#over(pending);
    this.#stop(pending);
    const reason = `did not answer within ${limitMs} ms`;
    if (!isOver) onReply({ type: 'broke', failure: { code: 'timeout', reason }, isCertain: true });
  }

  #stop(pending: Pending<Any>): void {
    const { slot, inquiry } = pending;
    if (!slot) return;
    const { cancelLine } = inquiry;
    const canGoOn = !slot.isOnce && cancelLine !== undefined;
    this.#track(canGoOn ? this.#cancel(slot, pending, cancelLine) : slot.process.end(withdrawn));
  }

  #over(pending: Pending<Any>): void {
    pending.isOver = true;
    this.#pending.delete(pending.inquiry);
  }

  async #cancel(slot: Slot<Any>, pending: Pending<Any>, cancelLine: (id: number) => string): Promise<void> {
    const { graceMs } = this.#options.limits;
    const id = ++this.#ids;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), graceMs);
    });
    const reply = await Promise.race([
      slot.process.ask(
        id,
        () => cancelLine(id),
        () => {},
      ),
      late,
    ]);
    clearTimeout(timer);
    if (reply?.type === 'answer' && reply.answer.status === 'cancelled') {
      slot.process.forget(pending.id);
      slot.open.delete(pending);
      this.#dispatch();
    } else await slot.process.end(withdrawn);
  }

  async #retire(slot: Slot<Any>): Promise<void> {
    this.#slots.delete(slot);
    await slot.process.finish();
  }

  #track(ending: Promise<unknown>): void {
    this.#ending.add(ending);
    void ending.then(() => {
      this.#ending.delete(ending);
      this.#dispatch();
    });
  }

  /** Ends a process of which nothing was asked. */
  async #abandon(run: ProcessRun): Promise<void> {
    run.stop(this.#options.limits.graceMs);
    await run.ended.catch(() => {});
  }

  async #describe(): Promise<void> {
    const run = this.#startProcess();
    run.ended.catch(() => {});
    // While the process starts.
    const { protocol, load } = this.#options.speaks;
    this.#parseAnswer ??= await load();
    if (this.#isClosed) return this.#abandon(run);
    const slot = this.#start(false, run);
    const id = ++this.#ids;
    const line = JSON.stringify({ protocol, id, operation: 'describe' });
    const { describeMs } = this.#options.limits;
    const timer = setTimeout(
      () => this.#track(slot.process.end({ code: 'timeout', reason: lateDescription(describeMs) })),
      describeMs,
    );
    const reply = await slot.process.ask(
      id,
      () => line,
      () => {},
    );
    clearTimeout(timer);
    const failure = problemOfDescription(reply, protocol);
    if (!failure && reply.type === 'answer') {
      this.#description = reply.answer as unknown as AnyDescription;
      if (this.#description.capabilities.persistent !== true) this.#track(this.#retire(slot));
    } else {
      this.#track(slot.process.end(withdrawn));
      for (const pending of this.#queue.splice(0)) {
        this.#over(pending);
        pending.inquiry.onReply({
          type: 'broke',
          failure: failure as AdapterFailure,
          isCertain: true,
          isUnseen: true,
        });
      }
    }
    this.#describing = undefined;
    this.#dispatch();
  }
}

/** Checks whether a question that may have had no part in the end of its process is asked again. */
function mayAskAgain<Any extends AnyAnswer>(
  { isAlone, inquiry }: Pending<Any>,
  isUnseen: boolean = false,
): boolean {
  return !isAlone && (isUnseen || inquiry.isAskedOnce !== true);
}

const withdrawn: AdapterFailure = { code: 'worker_lost', reason: 'was ended' };

/** Returns an answer once its process has ended well, and what is wrong otherwise. */
async function endedWell<Any extends AnyAnswer>(
  process: AdapterProcess<Any>,
  reply: Reply<Any>,
  limitMs: number,
): Promise<Reply<Any>> {
  const { end, hadToBeEnded } = await process.finish(limitMs);
  if (process.violation) return { type: 'broke', failure: process.violation, isCertain: true };
  if (end?.exitCode === 0) return reply;
  const hanging: AdapterFailure = { code: 'adapter_protocol', reason: 'did not end after its answer' };
  const failure = hadToBeEnded || !end ? hanging : failureOfEnd(end);
  return { type: 'broke', failure, isCertain: true };
}

function problemOfDescription<Any extends AnyAnswer>(
  reply: Reply<Any>,
  known: number | string,
): AdapterFailure | undefined {
  if (reply.type === 'broke') return reply.failure;
  const { answer } = reply;
  if (answer.status !== 'described')
    return { code: 'adapter_protocol', reason: `answered "describe" with the status "${answer.status}"` };
  const { protocol } = answer as unknown as AnyDescription;
  // @spec DML-EXE-1309
  if (protocol === known) return undefined;
  const reason = `speaks the protocol ${protocol}, and this program the protocol ${known}`;
  return { code: 'adapter_refused', reason };
}

/** Returns what is wrong with an adapter that does not say what it is. */
export function lateDescription(limitMs: number): string {
  return `did not answer "describe" within ${limitMs} ms; it has to answer a line before its input ends`;
}
