import { Worker } from 'node:worker_threads';
import { CONTROL_DESCRIPTOR, RESULTS_DESCRIPTOR } from './apart.ts';
import { type EndingSignal, startProgram } from './program-process.ts';
import { descriptorSink } from './result-sink.ts';

/** Runs `dml` as the process that another one of `dml` started to run code of others. */
export function startForStarter(argv: readonly string[]): void {
  const isBlocked = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const end = startProgram(argv, descriptorSink(RESULTS_DESCRIPTOR), undefined, (blocked) => {
    Atomics.store(isBlocked, 0, Number(blocked));
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(signal));
  // A terminal sends an interrupt here too; it counts once, as the process that started this one passes it on.
  let isWatched = true;
  process.on('SIGINT', () => isWatched || end('SIGINT'));
  watchStarter(isBlocked, end, () => {
    isWatched = false;
  });
}

/**
 * Code of a thread of its own, since code of a pipeline may keep the main one busy for as long as it likes. Whoever kills
 * the process that was started first means this one. A main thread that work blocks hears of no signal but by its
 * default action.
 *
 * @spec DML-CLI-0560
 */
const WATCH = `
const { Socket } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const { descriptor, isBlocked } = workerData;
const control = new Socket({ fd: descriptor, readable: true, writable: false });
control.on('data', (names) => {
  for (const name of String(names).trim().split('\\n')) {
    parentPort.postMessage(name);
    if (Atomics.load(isBlocked, 0) === 1) process.kill(process.pid, name);
  }
});
control.on('error', () => {});
control.on('close', () => process.kill(process.pid, 'SIGKILL'));
`;

/** Calls back with a signal that the process got which started this one, and ends this process with that one. */
function watchStarter(
  isBlocked: Int32Array,
  onSignal: (signal: EndingSignal) => void,
  onNoWatch: () => void,
): void {
  const workerData = { descriptor: CONTROL_DESCRIPTOR, isBlocked };
  const watch = new Worker(WATCH, { eval: true, workerData });
  watch.on('message', onSignal);
  // No thread starts without a descriptor to spare, or in a folder that is gone.
  watch.on('error', onNoWatch);
  watch.unref();
}
