import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { DatumId, ObjectClass } from '@daggerml/object-model';
import { liftDatum, lowerDeeply } from '@daggerml/values';
import { BundleModules, BundleRefused } from './bundle-modules.ts';
import { exited, failureOf, MAX_FRAMES, neverSettled } from './function-failure.ts';
import type { PackedObjects } from './packed-objects.ts';
import { RemoteObjects } from './remote-objects.ts';
import type { BundleContent, FromWorker, FunctionFailure, RunMessage, ToWorker } from './wire.ts';

/** The main module of a worker thread: calls one captured function at a time and lowers what it returns. */
const port = parentPort;
if (!port) throw new Error('this module is the main module of a worker thread');
// @spec DML-EXE-0919
Error.stackTraceLimit = MAX_FRAMES;
const send = (message: FromWorker): void => port.postMessage(message);
const endThread: (code: number) => never = process.exit.bind(process);

/** One call, as long as it is not answered. */
interface Call {
  /** Why it failed, once it asked the process to end. */
  exit?: FunctionFailure;
}

/** Whose code it is that runs: also timers and promises know the call that made them. */
const calls = new AsyncLocalStorage<Call>();
let current: Call | undefined;

const pendingReads = new Map<number, (bytes: Uint8Array | null) => void>();
let reads = 0;
let onTaken: (() => void) | undefined;
let onBundle: ((bundle: BundleContent) => void) | undefined;

/** Answers that the process owes; without any, and with nothing left to do, a function waits in vain. */
let awaited = 0;

function expectAnswer(): void {
  if (awaited++ === 0) port?.ref();
}

function noteAnswer(): void {
  if (--awaited === 0 && current !== undefined) port?.unref();
}

function read(objectClass: ObjectClass, objectId: string): Promise<Uint8Array | null> {
  const request = reads++;
  expectAnswer();
  return new Promise((resolve) => {
    pendingReads.set(request, resolve);
    send({ type: 'read', request, objectClass, objectId });
  });
}

function handOver(objects: PackedObjects): Promise<void> {
  expectAnswer();
  return new Promise((resolve) => {
    onTaken = resolve;
    port?.postMessage({ type: 'objects', objects } satisfies FromWorker, [objects.bytes.buffer]);
  });
}

const modules = new BundleModules((bundleDatumId) => {
  expectAnswer();
  return new Promise((resolve) => {
    onBundle = resolve;
    send({ type: 'bundle', bundleDatumId });
  });
});

async function run({ bundleDatumId, exportName, inputDatumIds, objects }: RunMessage): Promise<void> {
  const call: Call = {};
  current = call;
  port?.unref();
  const source = new RemoteObjects(objects, read, handOver);
  let answer: FromWorker;
  try {
    const datumId = await calls.run(call, async (): Promise<DatumId> => {
      const callee = (await modules.load(bundleDatumId))[exportName];
      if (typeof callee !== 'function') throw new TypeError(`the export ${exportName} is not a function`);
      const inputs = inputDatumIds.map((inputDatumId) => liftDatum(source, inputDatumId));
      const value: unknown = await callee(...inputs);
      // @spec DML-EXE-0806
      return lowerDeeply(value, source, 'result');
    });
    await source.finish();
    answer = call.exit ? exitOf(call.exit) : { type: 'done', datumId };
  } catch (error) {
    // @spec DML-EXE-0841
    if (error instanceof BundleRefused) return send({ type: 'refused', reason: error.message });
    answer = call.exit ? exitOf(call.exit) : { type: 'threw', failure: failureOf(error), stray: false };
  }
  await printed();
  if (current === call) finish(answer);
}

function finish(answer: FromWorker): void {
  current = undefined;
  port?.ref();
  send(answer);
}

/**
 * Resolves when everything printed so far has reached the process.
 *
 * @spec DML-EXE-0818
 */
async function printed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength === 0 || stream.writableEnded || stream.destroyed) continue;
    await new Promise<void>((resolve) => {
      stream.write('', () => resolve());
    });
  }
}

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'run':
      void run(message);
      return;
    case 'object':
      noteAnswer();
      pendingReads.get(message.request)?.(message.bytes);
      pendingReads.delete(message.request);
      return;
    case 'bundle':
      noteAnswer();
      onBundle?.(message);
      return;
    case 'taken':
      noteAnswer();
      onTaken?.();
  }
});

/** What a function leaves behind and throws later belongs to its own call; the thread is not reused. */
function onStray(error: unknown): void {
  const call = calls.getStore() ?? current;
  if (call === undefined || call !== current) {
    // @spec DML-EXE-0819
    send({ type: 'tainted' });
    return;
  }
  finish({ type: 'threw', failure: call.exit ?? failureOf(error), stray: true });
}

/**
 * Takes a wish to end the process for a failure of the call that has it: the process is not the function's to end, and
 * a thread that just ended would look like one that was lost.
 *
 * It throws, so that nothing after it runs as if nothing had been, and what was printed before is not lost. A function
 * that goes on all the same ends with its thread.
 *
 * @spec DML-EXE-0824
 */
function refuseExit(code: number | string | null | undefined = process.exitCode): never {
  const call = calls.getStore() ?? current;
  if (call === undefined || call !== current) {
    // @spec DML-EXE-0825
    send({ type: 'tainted' });
    endThread(1);
  }
  if (call.exit) {
    finish(exitOf(call.exit));
    endThread(1);
  }
  const error = new Error(`called process.exit(${code ?? 0}); a function ends by returning or throwing`);
  Error.captureStackTrace(error, refuseExit);
  const answer = exitOf(exited(error));
  call.exit = answer.failure;
  void printed().then(() => {
    if (current === call) finish(answer);
  });
  throw error;
}

function exitOf(failure: FunctionFailure): FromWorker & { readonly type: 'threw' } {
  return { type: 'threw', failure, stray: true };
}

process.exit = refuseExit;
syncBuiltinESMExports();

process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);

// @spec DML-EXE-0820
process.on('beforeExit', () => {
  if (current !== undefined && awaited === 0) finish({ type: 'threw', failure: neverSettled(), stray: true });
});
