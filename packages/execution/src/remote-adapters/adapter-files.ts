import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ByteRange,
  checkPath,
  type FileVersion,
  type ListedFile,
  type RemoteFiles,
  type SwapAnswer,
} from '@daggerml/remotes';
import type { AdapterFailure, FinalAnswer, Reply } from '../adapters/executable/adapter-process.ts';
import {
  AdapterProcesses,
  type AdapterProtocol,
  type Inquiry,
} from '../adapters/executable/adapter-processes.ts';
import { maskText, secretsOf } from '../logs/secret-mask.ts';
import { PrivateFolder } from '../process/private-folder.ts';
import { brokenAdapter, type ErrorPlace, errorOfFailure, shortened } from './adapter-error.ts';
import { limitOf, type RemoteAdapterLimits } from './limits.ts';
import { MAX_REMOVED, REMOTE_PROTOCOL, type RemoteAnswer, type RemoteOperation } from './protocol.ts';
import { QuestionFolder, WrongFile } from './question-folder.ts';

/** A question without what all have. */
type Asked = WithoutFile<RemoteOperation>;
type WithoutFile<Operation> = Operation extends unknown ? Omit<Operation, 'file'> : never;
type Answered = FinalAnswer<RemoteAnswer>;

/** One question with all that belongs to it. */
interface Exchange {
  readonly asked: Asked;
  readonly folder?: QuestionFolder | undefined;
  /** Bytes that the adapter gets. */
  readonly bytes?: Uint8Array | undefined;
  readonly limitMs: number;
}

/** A question that no process answers as it has to. */
class BrokenExchange extends Error {
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

/** Files of a remote behind an executable, which is trusted with nothing. */
export class AdapterFiles implements RemoteFiles {
  readonly name: string;
  readonly #options: AdapterFilesOptions;
  readonly #secrets: readonly string[];
  /** Ends the questions that are open. */
  readonly #open = new Set<(failure: AdapterFailure) => void>();
  #folder: { readonly owner: PrivateFolder; readonly path: string } | undefined;
  #processes: AdapterProcesses<RemoteAnswer> | undefined;
  #isClosed = false;

  /** Takes the canonical URI of the remote; nothing is started before the first operation. */
  constructor(uri: string, options: AdapterFilesOptions) {
    this.name = uri;
    this.#options = options;
    this.#secrets = secretsOf(options.environment);
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkPath(path, 'immutable');
    const { limits } = this.#options;
    const place = this.#place('read', path);
    return await this.#withFolder(place, async (folder) => {
      const answer = await this.#answer(place, {
        asked: { operation: 'read', path, ...(range && { range }) },
        folder,
        limitMs: limitOf(limits, range?.length),
      });
      if (answer.status === 'absent') return undefined;
      if (answer.status === 'done') return await folder.take(range?.length ?? limits.wholeBytes);
      throw unexpected(answer);
    });
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    checkPath(path, 'immutable');
    const place = this.#place('write', path);
    await this.#withFolder(place, async (folder) => {
      const limitMs = limitOf(this.#options.limits, bytes.length);
      const answer = await this.#answer(place, { asked: { operation: 'put', path }, folder, bytes, limitMs });
      if (answer.status !== 'done') throw unexpected(answer);
    });
  }

  async readVersion(path: string, knownVersion?: string): Promise<FileVersion | 'unchanged' | undefined> {
    checkPath(path, 'mutable');
    const { limits } = this.#options;
    const place = this.#place('read', path);
    return await this.#withFolder(place, async (folder) => {
      const known = knownVersion === undefined ? {} : { knownVersion };
      const answer = await this.#answer(place, {
        asked: { operation: 'readVersion', path, ...known },
        folder,
        limitMs: limitOf(limits),
      });
      if (answer.status === 'absent') return undefined;
      if (answer.status === 'unchanged' && knownVersion !== undefined) return 'unchanged';
      if (answer.status !== 'done') throw unexpected(answer);
      const { version } = answer;
      if (version === undefined) throw new WrongFile('answered without the version of a file');
      if (version === knownVersion) return 'unchanged';
      return { bytes: await folder.take(limits.wholeBytes), version };
    });
  }

  async swap(path: string, expected: string | null, bytes: Uint8Array): Promise<SwapAnswer> {
    checkPath(path, 'mutable');
    const place = this.#place('write', path);
    return await this.#withFolder(place, async (folder) => {
      const limitMs = limitOf(this.#options.limits, bytes.length);
      const asked: Asked = { operation: 'swap', path, expected };
      try {
        return swapAnswer(await this.#answer(place, { asked, folder, bytes, limitMs }));
      } catch (error) {
        const isOpen = error instanceof WrongFile || (error instanceof BrokenExchange && !error.isUnseen);
        // @spec DML-REM-0669
        if (!isOpen) throw error;
        // Nobody knows what became of it. @spec DML-REM-0655
        return { outcome: 'unknown', cause: this.#broken(place, error.message) };
      }
    });
  }

  async *list(prefix: string): AsyncGenerator<ListedFile, void, undefined> {
    checkPath(prefix, 'prefix');
    const { limits } = this.#options;
    const place = this.#place('list', prefix);
    const folder = this.#newFolder(place);
    try {
      const asked: Asked = { operation: 'list', prefix };
      const answer = await this.#answer(place, { asked, folder, limitMs: limitOf(limits) });
      if (answer.status !== 'done') throw unexpected(answer);
      yield* folder.entries(prefix, limits.listBytes);
    } catch (error) {
      throw this.#told(place, error);
    } finally {
      await folder.remove();
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) checkPath(path, 'removable');
    const place = this.#place('delete', `${paths.length} files`);
    const limitMs = limitOf(this.#options.limits);
    for (let at = 0; at < paths.length; at += MAX_REMOVED) {
      const asked: Asked = { operation: 'remove', paths: paths.slice(at, at + MAX_REMOVED) };
      await this.#plainly(place, async () => {
        const answer = await this.#answer(place, { asked, limitMs });
        if (answer.status !== 'done') throw unexpected(answer);
      });
    }
  }

  async now(): Promise<number> {
    const place = this.#place('tell', 'the time');
    return await this.#plainly(place, async () => {
      const limitMs = limitOf(this.#options.limits, 0);
      const answer = await this.#answer(place, { asked: { operation: 'now' }, limitMs });
      if (answer.status === 'done' && answer.nowMs !== undefined) return answer.nowMs;
      throw unexpected(answer);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const end of [...this.#open]) end({ code: 'unreachable', reason: 'was closed' });
    await this.#processes?.close();
    await this.#folder?.owner.close();
  }

  #place(doing: string, path: string): ErrorPlace {
    const { adapter } = this.#options;
    return { adapter, remote: this.name, operation: `${doing} ${path}`.trimEnd(), path };
  }

  async #withFolder<T>(place: ErrorPlace, act: (folder: QuestionFolder) => Promise<T>): Promise<T> {
    const folder = this.#newFolder(place);
    try {
      return await this.#plainly(place, () => act(folder));
    } finally {
      await folder.remove();
    }
  }

  /** Carries out an operation, whose failures are those of the files of a remote. */
  async #plainly<T>(place: ErrorPlace, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw this.#told(place, error);
    }
  }

  #told(place: ErrorPlace, error: unknown): unknown {
    const isOwn = error instanceof BrokenExchange || error instanceof WrongFile;
    return isOwn ? this.#broken(place, error.message) : error;
  }

  #broken(place: ErrorPlace, reason: string): Error {
    return brokenAdapter(place, this.#masked(reason));
  }

  #newFolder(place: ErrorPlace): QuestionFolder {
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
  async #answer(place: ErrorPlace, exchange: Exchange): Promise<Answered> {
    for (let times = 1; ; times += 1) {
      try {
        const answer = await this.#ask(place, exchange);
        if (answer.status !== 'failed') return answer;
        const { reason } = answer;
        throw errorOfFailure({ ...answer, ...(reason && { reason: this.#masked(reason) }) }, place);
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
          return JSON.stringify({ protocol: REMOTE_PROTOCOL, id, remote: this.name, ...asked, ...file });
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
  #masked(text: string): string {
    return maskText(text, this.#secrets);
  }
}

function swapAnswer(answer: Answered): SwapAnswer {
  switch (answer.status) {
    case 'done': {
      const { version } = answer;
      if (version === undefined) throw new WrongFile('answered without the version of a file');
      return { outcome: 'applied', version };
    }
    case 'refused':
      return { outcome: 'refused' };
    case 'unknown':
      throw new WrongFile(
        `does not know what became of it (${shortened(answer.reason ?? 'without a reason')})`,
      );
    default:
      throw unexpected(answer);
  }
}

function unexpected({ status }: Answered): WrongFile {
  return new WrongFile(`answered with the status "${status}", which is none of the question`);
}
