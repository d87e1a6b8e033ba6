import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { NestedCallOptions } from '@daggerml/capture';
import { NESTED_CALL_HOST } from '@daggerml/capture/bundle-place';
import type { ChunkId } from '@daggerml/object-model';
import { BatchSender } from './batch-sender.ts';
import { BundleModules } from './bundle-modules.ts';
import { callAlone, callTogether } from './function-call.ts';
import { exited, failureOf, MAX_FRAMES, neverSettled, thrownNames } from './function-failure.ts';
import { NestedRequests } from './nested-requests.ts';
import type { PackedObjects } from './packed-objects.ts';
import { PrintedOutput } from './printed-output.ts';
import { Realm } from './realm.ts';
import { RemoteObjects } from './remote-objects.ts';
import { threadCpuClock } from './thread-cpu.ts';
import { endOf, takeNext } from './turns.ts';
import type {
  BundleContent,
  CallAnswer,
  CallMessage,
  FromWorker,
  FunctionFailure,
  RealmState,
  RunMessage,
  ToWorker,
} from './wire.ts';

/** The main module of a worker thread: calls captured functions, one at a time, and lowers what they return. */
if (!parentPort) throw new Error('this module is the main module of a worker thread');
const port: MessagePort = parentPort;
const turns = workerData as Int32Array;
// @spec DML-EXE-0919
Error.stackTraceLimit = MAX_FRAMES;
const post = port.postMessage.bind(port);
const [hold, release] = [port.ref.bind(port), port.unref.bind(port)];
const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void => post(message, transfer);
const endThread: (code: number) => never = process.exit.bind(process);
const now = performance.now.bind(performance);

/** Calls that came in one message, as long as they are not answered. */
interface Current {
  readonly isAlone: boolean;
  /** Place of the call that runs among those of the message. */
  turn: number;
  /** Failure of a call that asked the process to end. */
  exit?: FunctionFailure;
  /** The calls that a call which is made alone makes itself. */
  nested?: NestedRequests;
}

/** Owner of the running code: timers and promises carry the calls that created them. */
const owners = new AsyncLocalStorage<Current>();
let current: Current | undefined;

/** Answers of the process to requests that are under way; code that serves them also runs while a function does. */
const pendingReads: Record<number, ((chunks: readonly Uint8Array[]) => void) | undefined> =
  Object.create(null);
let reads = 0;
let onBundle: ((bundle: BundleContent) => void) | undefined;

/** Answers that the process owes; without any, and with nothing left to do, a function waits in vain. */
let awaited = 0;

function expectAnswer(): void {
  if (awaited++ === 0) hold();
}

function noteAnswer(): void {
  if (--awaited === 0 && current !== undefined) release();
}

function readChunks(chunkIds: readonly ChunkId[]): Promise<readonly Uint8Array[]> {
  const request = reads++;
  expectAnswer();
  return new Promise((resolve) => {
    pendingReads[request] = resolve;
    send({ type: 'read', request, chunkIds });
  });
}

/** The objects of the current calls on their way to the process. */
let sender: BatchSender;

function sendObjects(objects: PackedObjects): void {
  expectAnswer();
  send({ type: 'objects', objects }, [objects.bytes.buffer]);
}

function readBundle(bundleDatumId: RunMessage['bundleDatumId']): Promise<BundleContent> {
  expectAnswer();
  return new Promise((resolve) => {
    onBundle = resolve;
    send({ type: 'bundle', bundleDatumId });
  });
}

/** Made with the first call: until then Node works at the loading of this module. */
let realm: Realm;
let modules: BundleModules;
let printedOutput: PrintedOutput;
let cpuMs: () => number | undefined;

async function prepare(): Promise<void> {
  // Made when they are first used, and then listened to.
  printedOutput = new PrintedOutput({
    send: (pieces) =>
      send(
        { type: 'output', pieces, turn: current?.turn },
        pieces.map(([, bytes]) => bytes.buffer as ArrayBuffer),
      ),
    expectAnswer,
    noteAnswer,
  });
  cpuMs = threadCpuClock();
  while (process.getActiveResourcesInfo().length > 0) await new Promise((resolve) => setImmediate(resolve));
  realm = new Realm();
  modules = new BundleModules(readBundle, realm);
}

async function run(message: RunMessage): Promise<void> {
  const [first] = message.calls;
  const own: Current = { isAlone: message.calls.length === 1, turn: 0 };
  release();
  if (realm === undefined) await prepare();
  current = own;
  sender = new BatchSender(sendObjects);
  const objects = new RemoteObjects(message.objects, readChunks, sender);
  if (own.isAlone) await runAlone(own, message, { call: first as CallMessage, objects });
  else await runTogether(own, message, objects);
}

async function runAlone(
  own: Current,
  { bundleDatumId }: RunMessage,
  { call, objects }: { call: CallMessage; objects: RemoteObjects },
): Promise<void> {
  const nested = new NestedRequests({
    objects,
    send: (request) => {
      const put = sender.take();
      send({ type: 'nested', ...request, objects: put }, put ? [put.bytes.buffer] : []);
    },
    received: (received) => new RemoteObjects(received, readChunks, sender),
    expectAnswer,
    noteAnswer,
  });
  own.nested = nested;
  const load = async () => modules.get(bundleDatumId) ?? modules.load(bundleDatumId);
  const result = await owners.run(own, () => callAlone(load, call, { objects, realm, nested, cpuMs }));
  if (!areAllPrinted()) await printed();
  if (!sender.isIdle) await sender.hasRoom(0);
  if (current !== own) return;
  if (own.exit) return finish({ answers: [exitOf(own.exit)], realm: 'touched' });
  finish({
    answers: [result.answer],
    objects: sender.take(),
    realm: realm.isBusy() ? 'touched' : result.realm,
    elapsedMs: result.elapsedMs,
  });
}

/** Time after which the rest of the calls is left to whoever is free. */
const TOGETHER_MS = 2;

async function runTogether(own: Current, message: RunMessage, objects: RemoteObjects): Promise<void> {
  const startedMs = now();
  const answers: CallAnswer[] = [];
  const bundle = modules.get(message.bundleDatumId);
  try {
    for (let turn = takeNext(turns); bundle && turn < endOf(turns); turn = takeNext(turns)) {
      own.turn = turn;
      const call = message.calls[turn] as CallMessage;
      const answer = await owners.run(own, () => callTogether(bundle, call, objects));
      if (!areAllPrinted()) await printed();
      printedOutput.flush();
      if (current !== own) return;
      if (answer === undefined) return discard();
      answers.push(answer);
      if (now() - startedMs > TOGETHER_MS) break;
    }
    if (!sender.isIdle) await sender.hasRoom(0);
    if (current !== own) return;
  } catch {
    // What serves the calls only fails where the realm was touched.
    return discard();
  }
  if (own.exit || realm.changes() || realm.isBusy()) return discard();
  finish({ answers, objects: sender.take(), realm: 'untouched', elapsedMs: now() - startedMs });
}

interface Finished {
  readonly answers: readonly CallAnswer[];
  readonly objects?: PackedObjects | undefined;
  readonly realm: RealmState;
  readonly elapsedMs?: number;
}

function finish({ answers, objects, realm, elapsedMs = 0 }: Finished): void {
  printedOutput.flush();
  current = undefined;
  hold();
  send({ type: 'answers', answers, objects, realm, elapsedMs }, objects ? [objects.bytes.buffer] : []);
}

/** Leaves calls that were made together to be made one by one. */
function discard(): void {
  printedOutput.flush();
  current = undefined;
  hold();
  send({ type: 'void' });
}

function areAllPrinted(): boolean {
  return process.stdout.writableLength === 0 && process.stderr.writableLength === 0;
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
    case 'chunks':
      noteAnswer();
      pendingReads[message.request]?.(message.chunks);
      delete pendingReads[message.request];
      return;
    case 'bundle':
      noteAnswer();
      onBundle?.(message);
      return;
    case 'nested':
      current?.nested?.take(message);
      return;
    case 'taken':
      noteAnswer();
      sender.noteTaken(message.free);
      return;
    case 'printed':
      printedOutput.noteTaken(message.sizeBytes);
  }
});

/** Ends the current call with a failure that its own code caused outside of its function's control. */
function fail(own: Current, failure: FunctionFailure, names?: readonly string[]): void {
  if (own.isAlone) finish({ answers: [{ type: 'threw', failure, names }], realm: 'touched' });
  else discard();
}

/** Charges a failure that nothing caught to the call whose code it is; the thread is not used again. */
function onStray(error: unknown): void {
  const own = owners.getStore() ?? current;
  // @spec DML-EXE-0819
  if (own === undefined || own !== current) send({ type: 'tainted' });
  else if (own.exit) fail(own, own.exit);
  else fail(own, failureOf(error), thrownNames(error));
}

/**
 * Takes a wish to end the process for a failure of the call that has it: the process is not the function's to end, and
 * a thread that just ended would look like one that was lost.
 *
 * It throws, so that nothing after it runs as if nothing had been, and what was printed before is not lost. A function
 * that goes on all the same ends with its thread.
 */
function refuseExit(code: number | string | null | undefined = process.exitCode): never {
  const own = owners.getStore() ?? current;
  if (own === undefined || own !== current) {
    // @spec DML-EXE-0825
    send({ type: 'tainted' });
    endThread(1);
  }
  if (own.exit) {
    fail(own, own.exit);
    endThread(1);
  }
  const error = new Error(`called process.exit(${code ?? 0}); a function ends by returning or throwing`);
  Error.captureStackTrace(error, refuseExit);
  // @spec DML-EXE-0824
  const failure = exited(error);
  own.exit = failure;
  void printed().then(() => {
    if (current === own) fail(own, failure);
  });
  throw error;
}

function exitOf(failure: FunctionFailure): CallAnswer {
  return { type: 'threw', failure };
}

process.exit = refuseExit;

/** Makes a call for the running function. Several functions that are called together are called one by one instead. */
function requestNested(
  calleeKey: string,
  inputs: readonly unknown[],
  options: NestedCallOptions,
): Promise<unknown> {
  const own = owners.getStore() ?? current;
  if (own === undefined || own !== current)
    return Promise.reject(new Error('a call was made after the function that makes it had ended'));
  if (own.nested) return own.nested.request(calleeKey, inputs, options);
  discard();
  return new Promise(() => {});
}

Object.defineProperty(globalThis, NESTED_CALL_HOST, { value: requestNested });
syncBuiltinESMExports();

process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);

// @spec DML-EXE-0820
process.on('beforeExit', () => {
  if (current !== undefined && awaited === 0) fail(current, neverSettled());
});
