import {
  type ByteRange,
  checkPath,
  type FileVersion,
  type ListedFile,
  type RemoteFiles,
  type SwapAnswer,
} from '@daggerml/remotes';
import { brokenAdapter, type ErrorPlace, shortened } from './adapter-error.ts';
import {
  type AdapterFilesOptions,
  AdapterQuestions,
  type Answered,
  type Asked,
  BrokenExchange,
} from './adapter-questions.ts';
import { limitOf } from './limits.ts';
import { MAX_REMOVED } from './protocol.ts';
import { type QuestionFolder, WrongFile } from './question-folder.ts';

/** Files of a remote behind an executable, which is trusted with nothing. */
export class AdapterFiles implements RemoteFiles {
  readonly name: string;
  readonly #options: AdapterFilesOptions;
  readonly #questions: AdapterQuestions;

  /** Takes the canonical URI of the remote; nothing is started before the first operation. */
  constructor(uri: string, options: AdapterFilesOptions) {
    this.name = uri;
    this.#options = options;
    this.#questions = new AdapterQuestions(uri, options);
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkPath(path, 'immutable');
    const { limits } = this.#options;
    const place = this.#place('read', path);
    return await this.#withFolder(place, async (folder) => {
      const answer = await this.#questions.answer(place, {
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
      const answer = await this.#questions.answer(place, {
        asked: { operation: 'put', path },
        folder,
        bytes,
        limitMs,
      });
      if (answer.status !== 'done') throw unexpected(answer);
    });
  }

  async readVersion(path: string, knownVersion?: string): Promise<FileVersion | 'unchanged' | undefined> {
    checkPath(path, 'mutable');
    const { limits } = this.#options;
    const place = this.#place('read', path);
    return await this.#withFolder(place, async (folder) => {
      const known = knownVersion === undefined ? {} : { knownVersion };
      const answer = await this.#questions.answer(place, {
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
        return swapAnswer(await this.#questions.answer(place, { asked, folder, bytes, limitMs }));
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
    const folder = this.#questions.newFolder(place);
    try {
      const asked: Asked = { operation: 'list', prefix };
      const answer = await this.#questions.answer(place, { asked, folder, limitMs: limitOf(limits) });
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
        const answer = await this.#questions.answer(place, { asked, limitMs });
        if (answer.status !== 'done') throw unexpected(answer);
      });
    }
  }

  async now(): Promise<number> {
    const place = this.#place('tell', 'the time');
    return await this.#plainly(place, async () => {
      const limitMs = limitOf(this.#options.limits, 0);
      const answer = await this.#questions.answer(place, { asked: { operation: 'now' }, limitMs });
      if (answer.status === 'done' && answer.nowMs !== undefined) return answer.nowMs;
      throw unexpected(answer);
    });
  }

  async close(): Promise<void> {
    await this.#questions.close();
  }

  #place(doing: string, path: string): ErrorPlace {
    const { adapter } = this.#options;
    return { adapter, remote: this.name, operation: `${doing} ${path}`.trimEnd(), path };
  }

  async #withFolder<T>(place: ErrorPlace, act: (folder: QuestionFolder) => Promise<T>): Promise<T> {
    const folder = this.#questions.newFolder(place);
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
    return brokenAdapter(place, this.#questions.masked(reason));
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
