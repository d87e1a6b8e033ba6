import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { DmlErrorFields } from '@daggerml/object-model';
import { captureError } from '../errors.ts';
import { captureThread } from '../source-file.ts';
import type { ExportCapture, ExportPlace } from './capture-export.ts';
import type { CaptureAnswer, CaptureRequest, StopRequest } from './capture-main.ts';

/** The thread of this process that captures: what it read of files serves later captures. */
let thread: Worker | undefined;

/** Time after which a capture is given up: the thread may have died of its memory without a word. */
const CAPTURE_MS = 300_000;

/** Starts the capturing thread, so that it is ready when the first function is called. */
export function prepareCaptures(): void {
  thread ??= started();
}

/**
 * Captures an export and waits for it: the id of a call is known when it is made. The bundler answers in its own
 * time only, so it runs in a thread of its own. Throws `capture_failed`.
 */
export function captureNow(place: ExportPlace): ExportCapture {
  thread ??= started();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const request: CaptureRequest = { place, port: port2, signal };
  thread.postMessage(request, [port2]);
  const waited = Atomics.wait(signal, 0, 0, CAPTURE_MS);
  if (waited === 'timed-out') {
    void thread.terminate();
    thread = undefined;
    throw captureError('capture_failed', {
      file: place.path,
      line: 0,
      reason: 'bundling it took over five minutes',
    });
  }
  const answer = receiveMessageOnPort(port1)?.message as CaptureAnswer;
  port1.close();
  if ('captured' in answer) return answer.captured;
  if ('refused' in answer) throw captureError('capture_failed', answer.refused as DmlErrorFields);
  throw captureError('capture_failed', { file: place.path, line: 0, reason: answer.failed });
}

function started(): Worker {
  const { code, isSource } = captureThread();
  const worker = new Worker(code, { eval: isSource, execArgv: [], stdin: false });
  worker.unref();
  process.once('exit', () => stop(worker));
  return worker;
}

/** Time that the end of a process waits for its bundler. */
const STOP_MS = 100;

/** Ends the bundler, which complains on standard error when it loses whoever started it. */
function stop(worker: Worker): void {
  const signal = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage({ stop: signal } satisfies StopRequest);
  Atomics.wait(signal, 0, 0, STOP_MS);
}
