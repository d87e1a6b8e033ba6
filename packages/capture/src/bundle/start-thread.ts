import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { captureThread } from '../source-file.ts';
import type { CaptureTask, ThreadRequest } from './capture-main.ts';

/** A request to the capturing thread whose answer will come by the port. */
export interface OpenRequest {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Set to 1 when the answer is there. */
  readonly signal: Int32Array;
}

/** The thread of this process that captures and compiles: what it read of files serves later captures. */
let thread: Worker | undefined;

/** The module that is compiled before anybody asked for it. */
let ahead: { readonly file: string; readonly request: OpenRequest } | undefined;

/**
 * Starts the capturing thread and lets it compile the first argument that is a file, so that both happen while the rest
 * of the program is loaded. Does nothing where no argument is a file.
 */
export function compileAhead(args: readonly string[]): void {
  const found = args.find((arg) => isSmallFile(arg));
  if (found === undefined) return;
  const file = resolve(found);
  try {
    ahead = { file, request: ask({ compile: file }) };
  } catch {
    // A thread that cannot be started is reported when it is needed.
  }
}

/** Asks the thread to compile a module, unless that has begun already. */
export function askToCompile(file: string): OpenRequest {
  const request = ahead?.file === file ? ahead.request : ask({ compile: file });
  // What is loaded again may have changed.
  ahead = undefined;
  return request;
}

/** Sends the thread a request. */
export function ask(task: CaptureTask): OpenRequest {
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  thread ??= started();
  thread.postMessage({ task, port: port2, signal } satisfies ThreadRequest, [port2]);
  return { worker: thread, port: port1, signal };
}

/** Ends the thread; the next request starts another one. */
export function endThread(): void {
  void thread?.terminate();
  thread = undefined;
}

function started(): Worker {
  const { code, isSource } = captureThread();
  const worker = new Worker(code, { eval: isSource, execArgv: [], stdin: false });
  worker.unref();
  // What keeps it from running is reported to whoever asks another one.
  worker.once('error', () => {
    thread = undefined;
    ahead = undefined;
  });
  return worker;
}

/** A file above this is no pipeline. */
const MAX_FILE_BYTES = 1024 * 1024;

function isSmallFile(path: string): boolean {
  try {
    // As big integers: the other form of a pipe's status misleads the module loader of Node 20 later on.
    const found = statSync(path, { bigint: true });
    return found.isFile() && found.size <= MAX_FILE_BYTES;
  } catch {
    return false;
  }
}
