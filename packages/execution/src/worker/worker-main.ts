import { parentPort } from 'node:worker_threads';
import type { DatumId, ObjectClass } from '@daggerml/object-model';
import { liftDatum } from '../values/lift.ts';
import { lowerDeeply } from '../values/lower-deeply.ts';
import { failureOf } from './function-failure.ts';
import type { PackedObjects } from './packed-objects.ts';
import { RemoteObjects } from './remote-objects.ts';
import type { FromWorker, RunMessage, ToWorker } from './wire.ts';

/** The main module of a worker thread: calls one captured function at a time and lowers what it returns. */
const port = parentPort;
if (!port) throw new Error('this module is the main module of a worker thread');
const send = (message: FromWorker): void => port.postMessage(message);

const pendingReads = new Map<number, (bytes: Uint8Array | null) => void>();
let reads = 0;
let onTaken: (() => void) | undefined;

function read(objectClass: ObjectClass, objectId: string): Promise<Uint8Array | null> {
  const request = reads++;
  return new Promise((resolve) => {
    pendingReads.set(request, resolve);
    send({ type: 'read', request, objectClass, objectId });
  });
}

function handOver(objects: PackedObjects): Promise<void> {
  return new Promise((resolve) => {
    onTaken = resolve;
    port?.postMessage({ type: 'objects', objects } satisfies FromWorker, [objects.bytes.buffer]);
  });
}

async function run({ bundleUrl, exportName, inputDatumIds, objects }: RunMessage): Promise<void> {
  const source = new RemoteObjects(objects, read, handOver);
  let answer: FromWorker;
  try {
    const module = (await import(/* @vite-ignore */ bundleUrl)) as Record<string, unknown>;
    const callee = module[exportName];
    if (typeof callee !== 'function') throw new TypeError(`the export ${exportName} is not a function`);
    const inputs = inputDatumIds.map((datumId) => liftDatum(source, datumId));
    const value: unknown = await callee(...inputs);
    // @spec DML-EXE-0806
    const datumId: DatumId = await lowerDeeply(value, source, 'result');
    await source.finish();
    answer = { type: 'done', datumId };
  } catch (error) {
    answer = { type: 'threw', failure: failureOf(error, bundleUrl), stray: false };
  }
  if (currentBundle === undefined) return;
  currentBundle = undefined;
  send(answer);
}

let currentBundle: string | undefined;

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'run':
      currentBundle = message.bundleUrl;
      void run(message);
      return;
    case 'object':
      pendingReads.get(message.request)?.(message.bytes);
      pendingReads.delete(message.request);
      return;
    case 'taken':
      onTaken?.();
  }
});

/** What a function leaves behind and throws later belongs to the call; the thread is not reused. */
function onStray(error: unknown): void {
  if (currentBundle === undefined) return;
  send({ type: 'threw', failure: failureOf(error, currentBundle), stray: true });
  currentBundle = undefined;
}
process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);
