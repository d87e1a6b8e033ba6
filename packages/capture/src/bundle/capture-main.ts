import { type MessagePort, parentPort } from 'node:worker_threads';
import { isDmlError } from '@daggerml/object-model';
import { stop, transform } from 'esbuild';
import { type ExportCapture, ExportCapturer, type ExportPlace } from './capture-export.ts';

/** A request to the capturing thread. */
export interface CaptureRequest {
  readonly place: ExportPlace;
  readonly port: MessagePort;
  /** Set to 1 when the answer is there. */
  readonly signal: Int32Array;
}

/** Asks the thread to end the bundler; the number is set to 1 when it is done. */
export interface StopRequest {
  readonly stop: Int32Array;
}

/** Answer of the capturing thread. */
export type CaptureAnswer =
  | { readonly captured: ExportCapture }
  | { readonly refused: Readonly<Record<string, unknown>> }
  | { readonly failed: string };

let capturer = new ExportCapturer();

// The bundler is another process, which starts while its first request is still under way.
void transform('').catch(() => {});

parentPort?.on('message', async (request: CaptureRequest | StopRequest) => {
  if ('stop' in request) {
    await stop();
    return raise(request.stop);
  }
  open = request;
  answer(await answerTo(request.place));
});

/** The request that is not answered yet: whoever asked waits without hearing anything else. */
let open: CaptureRequest | undefined;

process.on('uncaughtException', (error) => answer({ failed: textOf(error) }));

function answer(answered: CaptureAnswer): void {
  open?.port.postMessage(answered);
  if (open) raise(open.signal);
  open = undefined;
}

function raise(signal: Int32Array): void {
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
}

async function answerTo(place: ExportPlace): Promise<CaptureAnswer> {
  try {
    return { captured: await capturer.capture(place) };
  } catch (error) {
    if (isDmlError(error) && error.code === 'capture_failed') return { refused: { ...error.fields } };
    // The bundler may be gone; the next capture gets another one.
    capturer = new ExportCapturer();
    await stop();
    return { failed: textOf(error) };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
