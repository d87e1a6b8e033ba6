import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { AdapterFailure, FinalAnswer, Reply } from '../adapters/executable/adapter-process.ts';
import {
  AdapterProcesses,
  type AdapterProtocol,
  type Inquiry,
} from '../adapters/executable/adapter-processes.ts';
import { maskText, secretsOf } from '../logs/secret-mask.ts';
import { PrivateFolder } from '../process/private-folder.ts';
import { brokenAdapter, type ErrorPlace, errorOfFailure } from './adapter-error.ts';
import type { RemoteAdapterLimits } from './limits.ts';
import { REMOTE_PROTOCOL, type RemoteAnswer, type RemoteOperation } from './protocol.ts';
import { QuestionFolder } from './question-folder.ts';

/** A question without what all have. */
export type Asked = WithoutFile<RemoteOperation>;
type WithoutFile<Operation> = Operation extends unknown ? Omit<Operation, 'file'> : never;
/** An answer that is no failure. */
export type Answered = FinalAnswer<RemoteAnswer>;

/** One question with all that belongs to it. */
export interface Exchange {
  readonly asked: Asked;
  readonly folder?: QuestionFolder | undefined;
  /** Bytes that the adapter gets. */
  readonly bytes?: Uint8Array | undefined;
  readonly limitMs: number;
}

/** A question that no process answers as it has to. */
export class BrokenExchange extends Error {
  /** True where no process has seen the question. */
  readonly isUnseen: boolean;
  readonly isLost: boolean;

  constructor({ code, reason }: AdapterFailure, isUnseen: boolean) {
    super(reason);
    this.isUnseen = isUnseen;
    this.isLost = code === 'worker_lost';
  }
}

const REMOTES: AdapterProtocol<RemoteAnswer> = {
  protocol: REMOTE_PROTOCOL,
  load: async () => (await import('./message-schemas.ts')).parseRemoteAnswer,
};

/** Times that a question which is no conditional write is asked, where its process gets lost. */
const MAX_TIMES = 2;

export interface AdapterFilesOptions {
  /** Name of the executable. */
  readonly adapter: string;
  /** Returns the absolute path of the executable, if there is one; asked once, by the first operation. */
  readonly find: () => string | undefined;
  /** The whole environment of its processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Processes that run at one time. */
  readonly size: number;
  readonly limits: RemoteAdapterLimits;
}

/** Asks the processes of one executable questions about one remote. */
export class AdapterQuestions {
  readonly #uri: string;
  readonly #options: AdapterFilesOptions;
  readonly #secrets: readonly string[];
  /** Ends the questions that are open. */
  readonly #open = new Set<(failure: AdapterFailure) => void>();
  #folder: { readonly owner: PrivateFolder; readonly path: string } | undefined;
  #processes: AdapterProcesses<RemoteAnswer> | undefined;
  #isClosed = false;

  constructor(uri: string, options: AdapterFilesOptions) {
    this.#uri = uri;
    this.#options = options;
    this.#secrets = secretsOf(options.environment);
  }

  /** Ends the open questions and every process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of [...this.#open]) end({ code: 'unreachable', reason: 'was closed' });
    await this.#processes?.close();
    await this.#folder?.owner.close();
  }

  /** Creates the folder of a question. */
  newFolder(place: ErrorPlace): QuestionFolder {
    this.#started(place);
    try {
      return new QuestionFolder(join(this.#folder?.path as string, randomUUID()));
    } catch (error) {
      throw brokenAdapter(place, `gets no folder for a question (${(error as Error).message})`);
    }
  }

  /** Finds the executable for the first operation. */
  #started(place: ErrorPlace): AdapterProcesses<RemoteAnswer> {
    if (this.#isClosed) throw brokenAdapter(place, 'was closed');
    if (this.#processes) return this.#processes;
    const { adapter, find, environment, size, limits } = this.#options;
    // @spec DML-REM-0652
    const program = find();
    if (program === undefined)
      throw brokenAdapter(
        place,
        'is not installed: no folder of PATH that others cannot write to has an executable of that name',
      );
    const owner = new PrivateFolder('dml-remote');
    const path = realpathSync(owner.path);
    this.#folder = { owner, path };
    // @spec DML-REM-0609
    this.#processes = new AdapterProcesses({
      speaks: REMOTES,
      program,
      args: [adapter],
      environment,
      folder: path,
      size,
      limits,
    });
    return this.#processes;
  }

  /** Returns the answer to a question; throws what it stands for, or `BrokenExchange` where there is none. */
  async answer(place: ErrorPlace, exchange: Exchange): Promise<Answered> {
    for (let times = 1; ; times += 1) {
      try {
        const answer = await this.#ask(place, exchange);
        if (answer.status !== 'failed') return answer;
        const { reason } = answer;
        throw errorOfFailure({ ...answer, ...(reason && { reason: this.masked(reason) }) }, place);
      } catch (error) {
        const isLost = error instanceof BrokenExchange && error.isLost && !this.#isClosed;
        // @spec DML-REM-0661
        if (!isLost || exchange.asked.operation === 'swap' || times === MAX_TIMES) throw error;
      }
    }
  }

  #ask(place: ErrorPlace, { asked, folder, bytes, limitMs }: Exchange): Promise<Answered> {
    const processes = this.#started(place);
    return new Promise((resolve, reject) => {
      let isSeen = false;
      const end = (failure: AdapterFailure): void => {
        this.#open.delete(end);
        reject(new BrokenExchange(failure, !isSeen));
      };
      const inquiry: Inquiry<RemoteAnswer> = {
        makeLine: async (id) => {
          await folder?.prepare(bytes);
          isSeen = true;
          const file = folder && { file: folder.file };
          return JSON.stringify({ protocol: REMOTE_PROTOCOL, id, remote: this.#uri, ...asked, ...file });
        },
        limitMs,
        isAskedOnce: asked.operation === 'swap',
        emit: () => {},
        onReply: (reply: Reply<RemoteAnswer>) => {
          this.#open.delete(end);
          if (reply.type === 'answer') return resolve(reply.answer);
          const { failure, isUnseen } = reply;
          reject(new BrokenExchange(failure, isUnseen === true || failure.code === 'adapter_unknown'));
        },
        onError: (error) => {
          const reason = `gets no bytes for a question (${(error as Error).message})`;
          end({ code: 'unreachable', reason });
        },
      };
      this.#open.add(end);
      processes.ask(inquiry);
    });
  }

  /** Returns what an adapter said without secrets of its environment. */
  masked(text: string): string {
    return maskText(text, this.#secrets);
  }
}
