import { open, readFile, writeFile } from 'node:fs/promises';
import { isDmlError } from '@daggerml/object-model';
import { parseRemoteUri, type RemoteFiles } from '@daggerml/remotes';
import { shortened } from './adapter-error.ts';
import {
  REMOTE_PROTOCOL,
  type RemoteFailure,
  type RemoteFailureCode,
  type RemoteOperation,
  type RemoteQuestion,
} from './protocol.ts';

/** A back end that an executable offers. */
export interface ServedRemotes {
  /** Name of the executable. */
  readonly name: string;
  readonly version: string;
  /** Name of the adapter in the URIs of its remotes. */
  readonly adapterName: string;
  /** Questions that are answered at one time. */
  readonly maxCalls: number;
  readonly open: (uri: string) => Promise<RemoteFiles>;
}

/** Lines of a list that are written at one time. */
const LINES_AT_ONCE = 1000;

/**
 * Answers the questions of the protocol of Remote Adapters by the files of remotes.
 *
 * @spec DML-REM-0663
 */
export class RemoteServer {
  readonly #served: ServedRemotes;
  readonly #write: (line: string) => void;
  readonly #remotes = new Map<string, Promise<RemoteFiles>>();
  readonly #open = new Set<Promise<void>>();

  constructor(served: ServedRemotes, write: (line: string) => void) {
    this.#served = served;
    this.#write = write;
  }

  /** Takes a line, which is a question. Throws for one that does not follow the protocol. */
  take(line: string, parse: (json: unknown) => RemoteQuestion): void {
    const question = parse(JSON.parse(line));
    const { id } = question;
    const answering = this.#answerTo(question).then(
      (answer) => this.#write(JSON.stringify({ id, ...answer })),
      (error: unknown) => this.#write(JSON.stringify({ id, ...failureOf(error) })),
    );
    this.#open.add(answering);
    void answering.then(() => this.#open.delete(answering));
  }

  /** Resolves once every question is answered and connections are closed. */
  async close(): Promise<void> {
    await Promise.all(this.#open);
    const remotes = await Promise.allSettled(this.#remotes.values());
    for (const opened of remotes) if (opened.status === 'fulfilled') await opened.value.close();
  }

  async #answerTo(question: RemoteQuestion): Promise<object> {
    if (question.operation === 'describe') {
      const { name, version, maxCalls } = this.#served;
      const capabilities = { persistent: true, maxCalls };
      return { status: 'described', schema: 1, name, version, protocol: REMOTE_PROTOCOL, capabilities };
    }
    return await answerBy(await this.#opened(question.remote), question);
  }

  #opened(uri: string): Promise<RemoteFiles> {
    const { adapterName, open: openRemote } = this.#served;
    if (parseRemoteUri(uri).adapterName !== adapterName)
      throw new UriError(`its remotes are named dml+remote://${adapterName}/…`);
    const known = this.#remotes.get(uri);
    if (known) return known;
    const opened = openRemote(uri);
    this.#remotes.set(uri, opened);
    // The next question tries again.
    opened.catch(() => this.#remotes.delete(uri));
    return opened;
  }
}

class UriError extends Error {}

async function answerBy(files: RemoteFiles, question: RemoteOperation): Promise<object> {
  switch (question.operation) {
    case 'read': {
      const bytes = await files.read(question.path, question.range);
      if (bytes === undefined) return { status: 'absent' };
      await give(question.file, bytes);
      return { status: 'done' };
    }
    case 'put':
      await files.put(question.path, await readFile(question.file));
      return { status: 'done' };
    case 'readVersion': {
      const found = await files.readVersion(question.path, question.knownVersion);
      if (found === undefined) return { status: 'absent' };
      if (found === 'unchanged') return { status: 'unchanged' };
      await give(question.file, found.bytes);
      return { status: 'done', version: found.version };
    }
    case 'swap': {
      const answer = await files.swap(question.path, question.expected, await readFile(question.file));
      if (answer.outcome === 'applied') return { status: 'done', version: answer.version };
      if (answer.outcome === 'refused') return { status: 'refused' };
      return { status: 'unknown', reason: shortened(String((answer.cause as Error)?.message ?? '')) };
    }
    case 'list':
      await giveList(question.file, files.list(question.prefix));
      return { status: 'done' };
    case 'remove':
      await files.remove(question.paths);
      return { status: 'done' };
    case 'now':
      return { status: 'done', nowMs: await files.now() };
  }
}

async function give(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
}

async function giveList(path: string, files: ReturnType<RemoteFiles['list']>): Promise<void> {
  const target = await open(path, 'wx', 0o600);
  try {
    let lines: string[] = [];
    for await (const { path: listed, sizeBytes } of files) {
      lines.push(`${JSON.stringify({ path: listed, sizeBytes })}\n`);
      if (lines.length < LINES_AT_ONCE) continue;
      await target.write(lines.join(''));
      lines = [];
    }
    await target.write(lines.join(''));
  } finally {
    await target.close();
  }
}

const CODES: Readonly<Record<string, RemoteFailureCode>> = {
  remote_damaged: 'damaged',
  remote_full: 'full',
  remote_missing: 'missing',
  remote_refused: 'denied',
  remote_unsafe: 'unsafe',
  remote_path_invalid: 'denied',
  remote_uri_invalid: 'uri_invalid',
};

/** Returns the answer that an error stands for. */
function failureOf(error: unknown): RemoteFailure {
  if (error instanceof UriError) return { status: 'failed', code: 'uri_invalid', reason: error.message };
  if (!isDmlError(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: 'failed', code: 'unreachable', reason: shortened(reason) };
  }
  const { reason, path, instead } = error.fields as Readonly<Record<string, unknown>>;
  const told = [reason, instead].filter((text) => typeof text === 'string').join('; ') || error.message;
  return {
    status: 'failed',
    code: CODES[error.code] ?? 'unreachable',
    reason: shortened(told),
    ...(typeof path === 'string' && { path }),
    ...(error.detail !== undefined && { detail: error.detail }),
  };
}
