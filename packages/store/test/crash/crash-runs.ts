import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childProgram } from '../child-program.ts';
import { seededRandom } from './damage-runs.ts';
import type { WorkerLine, WorkerOrder } from './protocol.ts';
import { takeBackups } from './verify-backups.ts';
import { verifyCrash } from './verify-crash.ts';

/** End of a worker, with all it printed. */
interface WorkerEnd {
  readonly lines: readonly WorkerLine[];
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

interface RunningWorker {
  readonly process: ChildProcess;
  readonly firstLine: Promise<unknown>;
  /** Settles with the first commit that the worker says is kept, or with its end. */
  readonly firstAck: Promise<unknown>;
  readonly end: Promise<WorkerEnd>;
  /** Returns the whole lines that have arrived. */
  linesSoFar(): WorkerLine[];
}

/** Figures of a series of crashes. */
export interface CrashFigures {
  readonly name: string;
  readonly rounds: number;
  readonly crashes: number;
  /** Processes that ended by a signal nobody sent. */
  readonly deaths: number;
  /** Failures of which the engine said where it could not write. */
  readonly refusedWrites: number;
  readonly acknowledged: number;
  readonly objects: number;
  readonly broken: readonly string[];
}

/** Ways to start a worker other than plainly: limits on the file size, a library loaded first. */
export interface StartOptions {
  readonly fileSizeLimitBytes?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

function commandOf(order: WorkerOrder, options: StartOptions): [string, string[]] {
  const program = [process.execPath, childProgram('crash/worker'), JSON.stringify(order)];
  if (options.fileSizeLimitBytes === undefined) return [program[0] as string, program.slice(1)];
  // The shell's limit counts in blocks of 512 bytes; the signal has to be ignored before node starts.
  const blocks = Math.floor(options.fileSizeLimitBytes / 512);
  return ['sh', ['-c', `trap "" XFSZ; ulimit -f ${blocks}; exec "$@"`, 'sh', ...program]];
}

/** Starts a worker and collects its lines. */
export function startWorker(order: WorkerOrder, options: StartOptions = {}): RunningWorker {
  const [command, args] = commandOf(order, options);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  const acknowledging = new Promise<void>((resolve) => {
    let isKnown = false;
    child.stdout.on('data', (part: Buffer) => {
      output.push(part);
      if (isKnown || !Buffer.concat(output).includes('"kind":"ack"')) return;
      isKnown = true;
      resolve();
    });
  });
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  const linesSoFar = (): WorkerLine[] => {
    const text = Buffer.concat(output).toString('utf8');
    // A line cut off by the kill was not read by anyone.
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    return lines.filter(Boolean).map((line) => JSON.parse(line) as WorkerLine);
  };
  const end = once(child, 'close').then(([exitCode, signal]): WorkerEnd => {
    return { lines: linesSoFar(), exitCode, signal, stderr: Buffer.concat(errors).toString('utf8') };
  });
  const firstLine = Promise.race([once(child.stdout, 'data'), end]);
  return { process: child, firstLine, firstAck: Promise.race([acknowledging, end]), end, linesSoFar };
}

/** Bytes that the engine sets aside for the text about a refused write; it does not look how long the text is. */
const ENGINE_TEXT_BYTES = 100;
const ENGINE_TEXT = /Attempting to write page at .*/g;

/** Collects verdicts of many crashes of one store into figures. */
class Tally {
  readonly #name: string;
  /** Lines about each store; nothing acknowledged is forgotten by a later round. */
  readonly #lines = new Map<string, WorkerLine[]>();
  readonly #broken = new Set<string>();
  #rounds = 0;
  #crashes = 0;
  #deaths = 0;
  #refusedWrites = 0;
  #acknowledged = 0;
  #objects = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Takes the ends of one round and verifies the store they worked on. */
  async settle(path: string, ends: readonly WorkerEnd[]): Promise<void> {
    this.#rounds += 1;
    const lines = this.#lines.get(path) ?? [];
    this.#lines.set(path, lines);
    for (const end of ends) {
      lines.push(...end.lines);
      this.#acknowledged += end.lines.filter((line) => line.kind === 'ack').length;
      if (end.signal === 'SIGKILL') this.#crashes += 1;
      else if (end.lines.some((line) => line.kind === 'failed')) this.#crashes += 1;
      if (end.signal !== null && end.signal !== 'SIGKILL') {
        this.#deaths += 1;
        this.#broken.add(`died by ${end.signal}: ${end.stderr}`);
      }
      this.#checkEngineTexts(end);
      const refused = end.lines.length === 0 && end.stderr.includes('DmlError: store_');
      if (refused) this.#crashes += 1;
      else if (end.signal === null && end.exitCode !== 0)
        this.#broken.add(`ended with ${end.exitCode}: ${end.stderr}`);
    }
    const verdict = await verifyCrash(path, lines);
    this.#objects = Math.max(this.#objects, verdict.objects);
    const faults = [
      ...verdict.broken,
      ...(await takeBackups(
        path,
        ends.flatMap((end) => end.lines),
      )),
    ];
    for (const fault of faults) this.#broken.add(fault);
  }

  /**
   * Checks the engine's texts: one that does not fit has overwritten what comes after it, whether the process died or
   * not.
   */
  #checkEngineTexts({ lines, stderr }: WorkerEnd): void {
    const texts = lines.flatMap((line) =>
      line.kind === 'failed' && line.engineText !== undefined ? [line.engineText] : [],
    );
    // What refuses a creation ends the worker, which prints the whole error.
    for (const text of [...texts, ...(stderr.match(ENGINE_TEXT) ?? [])]) {
      this.#refusedWrites += 1;
      if (text.length >= ENGINE_TEXT_BYTES) this.#broken.add(`too long: ${text}`);
    }
  }

  figures(): CrashFigures {
    return {
      name: this.#name,
      rounds: this.#rounds,
      crashes: this.#crashes,
      deaths: this.#deaths,
      refusedWrites: this.#refusedWrites,
      acknowledged: this.#acknowledged,
      objects: this.#objects,
      broken: [...this.#broken],
    };
  }
}

export interface KillOptions {
  readonly folder: string;
  readonly rounds: number;
  readonly processes: number;
  readonly seed: number;
  readonly scenario?: string;
}

/** Kills workers at random moments of their work, one at a time or all at once, and verifies after each round. */
export async function runRandomKills(options: KillOptions): Promise<CrashFigures> {
  const { folder, rounds, processes, seed, scenario = 'commit' } = options;
  const random = seededRandom(seed);
  const path = join(folder, `kills-${scenario}-${processes}`);
  const tally = new Tally(`kill -9, ${scenario}, ${processes} processes, seed ${seed}`);
  for (let run = 0; run < rounds; run += 1) {
    const workers = Array.from({ length: processes }, (_, worker) =>
      startWorker({ path, scenario, worker, run, steps: 0 }),
    );
    // In every other round all have kept something, however slow the machine is.
    await Promise.all(workers.map((worker) => (run % 2 === 0 ? worker.firstLine : worker.firstAck)));
    for (const worker of workers) {
      await sleep(random() * (processes === 1 ? 120 : 60));
      worker.process.kill('SIGKILL');
    }
    await tally.settle(path, await Promise.all(workers.map((worker) => worker.end)));
  }
  return tally.figures();
}

export interface OpeningOptions {
  readonly folder: string;
  /** Commits the writer makes. */
  readonly steps: number;
  /** Processes that open and close the store all the while. */
  readonly openers: number;
}

/** Runs a writer while others open the store, kills those in the end, and verifies. */
export async function runOpenings({ folder, steps, openers }: OpeningOptions): Promise<CrashFigures> {
  const tally = new Tally(`one writer, ${openers} processes that open the store`);
  const path = join(folder, 'openings');
  const order = { path, scenario: 'commit', worker: 0, run: 0, steps };
  await tally.settle(path, [await startWorker({ ...order, steps: 1 }).end]);
  const others = Array.from({ length: openers }, (_, index) =>
    startWorker({ ...order, scenario: 'open', worker: index + 1, steps: 0 }),
  );
  await Promise.all(others.map((other) => other.firstLine));
  const end = await startWorker({ ...order, run: 1 }).end;
  for (const other of others) other.process.kill('SIGKILL');
  await tally.settle(path, [end, ...(await Promise.all(others.map((other) => other.end)))]);
  return tally.figures();
}

/** Lists the failpoints a scenario passes in a few steps. */
async function listFailpoints(folder: string, scenario: string, steps: number): Promise<string[]> {
  const path = join(folder, `list-${scenario}`);
  const { lines } = await startWorker({ path, scenario, worker: 0, run: 0, steps }).end;
  return lines.flatMap((line) => (line.kind === 'failpoint' ? [line.name] : []));
}

export interface FailpointOptions {
  readonly folder: string;
  readonly scenario: string;
  readonly steps: number;
  /** Passings of each failpoint at which to end the process. */
  readonly passings: readonly number[];
  /** Beginning of the names of the failpoints at which to end it; empty for all. */
  readonly of?: string;
}

/** Figures of kills at failpoints, with the names of those. */
export interface FailpointFigures extends CrashFigures {
  readonly names: readonly string[];
}

/** Kills a worker at every failpoint its scenario passes and verifies after each. */
export async function runFailpointKills(options: FailpointOptions): Promise<FailpointFigures> {
  const { folder, scenario, steps, passings, of = '' } = options;
  const names = (await listFailpoints(folder, scenario, steps)).filter((name) => name.startsWith(of));
  const tally = new Tally(`kill at failpoints, ${scenario}`);
  const path = join(folder, `failpoints-${scenario}`);
  let run = 1;
  for (const name of names) {
    for (const nth of passings) {
      // Creation has to start from nothing, everything else from what the last crash left.
      const at = name.startsWith('create/') ? join(folder, `create-${nth}`) : path;
      const end = await startWorker({ path: at, scenario, worker: 0, run, steps, killAt: { name, nth } }).end;
      run += 1;
      const ends = [end];
      if (at !== path)
        ends.push(await startWorker({ path: at, scenario, worker: 0, run: run++, steps: 2 }).end);
      await tally.settle(at, ends);
    }
  }
  return { ...tally.figures(), names };
}

const META_BYTES = 8192;

/** Makes the system refuse the engine's writes of pages past a place in the file, from its begin to its end. */
export async function runRefusedWrites(folder: string, rounds: number): Promise<CrashFigures> {
  const tally = new Tally('writes past a place in the file are refused');
  const path = join(folder, 'refused');
  const order = { path, scenario: 'commit', worker: 0, run: 0, steps: 9 };
  await tally.settle(path, [await startWorker(order).end]);
  for (let run = 1; run <= rounds; run += 1) {
    const { size } = statSync(join(path, 'data.mdb'));
    const fileSizeLimitBytes = META_BYTES + Math.floor(((size - META_BYTES) * (run - 1)) / rounds);
    const limited = { ...order, run, steps: 200, unguarded: true };
    await tally.settle(path, [await startWorker(limited, { fileSizeLimitBytes }).end]);
  }
  return tally.figures();
}

const FAULTS_OF_WRITES = [['5', '']] as const;
const FAULTS_OF_SPACE = [
  ['28', ''],
  ['28', '1'],
] as const;

export interface FaultOptions {
  readonly folder: string;
  /** The compiled library that fails writes and syncs. */
  readonly shim: string;
  readonly nths: readonly number[];
}

/** Makes the operating system refuse the n-th write or sync of the data file, once or from then on. */
export async function runSystemFaults(options: FaultOptions): Promise<CrashFigures> {
  const { folder, shim, nths } = options;
  const tally = new Tally('n-th write or sync fails in the operating system');
  let run = 0;
  for (const [call, errnos] of [
    ['write', FAULTS_OF_WRITES],
    ['grow', FAULTS_OF_SPACE],
    ['sync', [...FAULTS_OF_WRITES, ...FAULTS_OF_SPACE]],
  ] as const) {
    for (const [errno, sticky] of errnos) {
      const path = join(folder, `fault-${call}-${errno}${sticky}`);
      for (const nth of nths) {
        const environment = {
          LD_PRELOAD: shim,
          DML_FAULT_CALL: call,
          DML_FAULT_NTH: `${nth}`,
          DML_FAULT_ERRNO: errno,
          ...(sticky === '' ? {} : { DML_FAULT_STICKY: sticky }),
        };
        const order = { path, scenario: 'commit', worker: 0, run, steps: 25, unguarded: true };
        const ends = [await startWorker(order, { environment }).end];
        // Where creation failed there is nothing yet; the next user creates it.
        if (ends[0]?.lines.length === 0)
          ends.push(await startWorker({ ...order, run: run + 1, steps: 2 }).end);
        await tally.settle(path, ends);
        run += 2;
      }
    }
  }
  return tally.figures();
}
