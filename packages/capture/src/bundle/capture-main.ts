import childProcess from 'node:child_process';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { isDmlError } from '@daggerml/object-model';
import { stop, transform } from 'esbuild';
import { parse } from '../by-name/syntax-tree.ts';
import { compileModule } from '../pipeline/compile-module.ts';
import { ExportCapturer, type ExportPlace, renamer } from './capture-export.ts';

/** Work of the capturing thread. */
export type CaptureTask = { readonly capture: ExportPlace } | { readonly compile: string };

/** A request to the capturing thread. */
export interface ThreadRequest {
  readonly task: CaptureTask;
  readonly port: MessagePort;
  /** Set to 1 when the answer is there. */
  readonly signal: Int32Array;
}

/** Answer of the capturing thread. */
export type ThreadAnswer<Result> =
  | { readonly result: Result }
  | { readonly refused: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly failed: string };

// The bundler complains on standard error when the process ends that it works for. @spec DML-CAP-0900
const { spawn } = childProcess;
childProcess.spawn = ((command: string, args: string[], options: childProcess.SpawnOptions) =>
  spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'ignore'] })) as typeof spawn;

// It is another process, which starts while the parser and the renamer are loaded.
void transform('').catch(() => {});
parse('', '', 'ts');
renamer();

let capturer = new ExportCapturer();

/** Requests that are not answered yet: whoever asked waits without hearing anything else. */
const open = new Set<ThreadRequest>();

parentPort?.on('message', async (request: ThreadRequest) => {
  open.add(request);
  answer(request, await answerTo(request.task));
});

process.on('uncaughtException', (error) => {
  for (const request of open) answer(request, { failed: textOf(error) });
});

function answer(request: ThreadRequest, answered: ThreadAnswer<unknown>): void {
  if (!open.delete(request)) return;
  request.port.postMessage(answered);
  Atomics.store(request.signal, 0, 1);
  Atomics.notify(request.signal, 0);
}

async function answerTo(task: CaptureTask): Promise<ThreadAnswer<unknown>> {
  try {
    return {
      result: 'capture' in task ? await capturer.capture(task.capture) : await compileModule(task.compile),
    };
  } catch (error) {
    if (isDmlError(error)) return { refused: error.code, fields: { ...error.fields } };
    // The bundler may be gone; the next capture gets another one.
    capturer = new ExportCapturer();
    await stop();
    return { failed: textOf(error) };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
