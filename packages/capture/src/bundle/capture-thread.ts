import { receiveMessageOnPort } from 'node:worker_threads';
import type { DmlErrorFields } from '@daggerml/object-model';
import { type CaptureErrorCode, captureError } from '../errors.ts';
import type { ExportCapture, ExportPlace } from './capture-export.ts';
import type { ThreadAnswer } from './capture-main.ts';
import { ask, askToCompile, endThread } from './start-thread.ts';

/** Time after which a capture is given up: the thread may have died of its memory without a word. */
const CAPTURE_MS = 300_000;

/**
 * Captures an export and waits for it: the id of a call is known when it is made. The bundler answers in its own
 * time only, so it runs in a thread of its own. Throws `capture_failed`.
 */
export function captureNow(place: ExportPlace): ExportCapture {
  const { port, signal } = ask({ capture: place });
  if (Atomics.wait(signal, 0, 0, CAPTURE_MS) === 'timed-out') {
    endThread();
    throw failure(place.path, 'bundling it took over five minutes');
  }
  const answer = receiveMessageOnPort(port)?.message as ThreadAnswer<ExportCapture>;
  port.close();
  return resultOf(answer, (reason) => failure(place.path, reason));
}

/** Compiles a pipeline module in the thread. Rejects with `pipeline_threw`. */
export async function compileInThread(file: string): Promise<string> {
  const failed = (reason: string, cause?: unknown): Error =>
    captureError('pipeline_threw', { file, reason }, cause);
  const { worker, port } = askToCompile(file);
  let onError = (_error: Error): void => {};
  worker.ref();
  try {
    const answer = await new Promise<ThreadAnswer<string>>((resolve, reject) => {
      onError = (error) => reject(failed(error.message, error));
      worker.once('error', onError);
      port.once('message', resolve);
    });
    return resultOf(answer, failed);
  } finally {
    worker.off('error', onError);
    worker.unref();
    port.close();
  }
}

function resultOf<Result>(answer: ThreadAnswer<Result>, failed: (reason: string) => Error): Result {
  if ('result' in answer) return answer.result;
  if ('failed' in answer) throw failed(answer.failed);
  throw captureError(answer.refused as CaptureErrorCode, answer.fields as DmlErrorFields);
}

function failure(file: string, reason: string): Error {
  return captureError('capture_failed', { file, line: 0, reason });
}
