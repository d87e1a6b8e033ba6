import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorker } from './crash-runs.ts';
import { seededRandom } from './damage-runs.ts';
import type { WorkerLine } from './protocol.ts';
import { verifyCrash } from './verify-crash.ts';

export interface ImageOptions {
  readonly folder: string;
  readonly images: number;
  readonly writers: number;
  readonly seed: number;
}

/** Verdict on copies of a store that were made while it was written to. */
export interface ImageFigures {
  readonly name: string;
  readonly images: number;
  /** Ref updates acknowledged before the last image. */
  readonly acknowledged: number;
  readonly objects: number;
  readonly broken: readonly string[];
}

/** Milliseconds in which what a stopped writer has printed arrives. */
const ARRIVAL_MS = 30;

/**
 * Copies the folder of a store while its writers stand still at random moments of their work, as a snapshot of the
 * file system does, and verifies each copy against what the writers had said by then.
 */
export async function runImages({ folder, images, writers, seed }: ImageOptions): Promise<ImageFigures> {
  const random = seededRandom(seed);
  const path = join(folder, 'imaged');
  const workers = Array.from({ length: writers }, (_, worker) =>
    startWorker({ path, scenario: worker % 2 === 0 ? 'commit' : 'gc', worker, run: 0, steps: 0 }),
  );
  const broken = new Set<string>();
  let [acknowledged, objects] = [0, 0];
  await Promise.all(workers.map((worker) => worker.firstAck));
  for (let image = 0; image < images; image += 1) {
    await sleep(random() * 60);
    for (const worker of workers) worker.process.kill('SIGSTOP');
    await sleep(ARRIVAL_MS);
    const lines = workers.flatMap((worker) => worker.linesSoFar());
    const copy = join(folder, `image-${image}`);
    cpSync(path, copy, { recursive: true });
    for (const worker of workers) worker.process.kill('SIGCONT');
    const verdict = await verifyCrash(copy, lines);
    for (const fault of verdict.broken) broken.add(`image ${image}: ${fault}`);
    acknowledged = lines.filter((line) => line.kind === 'ack').length;
    objects = Math.max(objects, verdict.objects);
    rmSync(copy, { recursive: true, force: true });
  }
  for (const worker of workers) worker.process.kill('SIGKILL');
  await Promise.all(workers.map((worker) => worker.end));
  const name = `images of a store that ${writers} processes write to, seed ${seed}`;
  return { name, images, acknowledged, objects, broken: [...broken] };
}

/** Blocks of this many bytes reach a disk whole or not at all. */
const SECTOR_BYTES = 512;

interface LoggedWrite {
  readonly kind: 'data' | 'stamp' | 'output' | 'size';
  readonly at: number;
  readonly bytes: Buffer;
}

const KINDS: Readonly<Record<string, LoggedWrite['kind']>> = {
  d: 'data',
  s: 'stamp',
  o: 'output',
  t: 'size',
};

function readWriteLog(path: string): LoggedWrite[] {
  const log = readFileSync(path);
  const writes: LoggedWrite[] = [];
  for (let at = 0; at < log.length; ) {
    const kind = KINDS[String.fromCharCode(log[at] as number)] as LoggedWrite['kind'];
    const from = at + 17;
    const size = Number(log.readBigInt64LE(at + 9));
    writes.push({ kind, at: Number(log.readBigInt64LE(at + 1)), bytes: log.subarray(from, from + size) });
    at = from + size;
  }
  return writes;
}

/** A file as the writes to it leave it. */
class WrittenFile {
  #bytes: Buffer = Buffer.alloc(0);
  #size = 0;

  write(bytes: Uint8Array, at: number): void {
    this.resize(Math.max(this.#size, at + bytes.length));
    this.#bytes.set(bytes, at);
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const grown = Buffer.alloc(size * 2);
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    if (size < this.#size) this.#bytes.fill(0, size, this.#size);
    this.#size = size;
  }

  save(path: string): void {
    writeFileSync(path, this.#bytes.subarray(0, this.#size));
  }
}

export interface WriteImageOptions {
  readonly folder: string;
  /** The compiled library that logs writes. */
  readonly shim: string;
  readonly images: number;
  readonly seed: number;
  readonly scenario: string;
}

/**
 * Logs every write of a worker and rebuilds the files of its store as they were in the middle of many of them, cut
 * between two sectors, then verifies each against what the worker had said by then.
 */
export async function runWriteImages(options: WriteImageOptions): Promise<ImageFigures> {
  const { folder, shim, images, seed, scenario } = options;
  const random = seededRandom(seed);
  const logPath = join(folder, `writes-${scenario}`);
  const order = { path: join(folder, `logged-${scenario}`), scenario, worker: 0, run: 0, steps: 60 };
  const environment = { LD_PRELOAD: shim, DML_WRITE_LOG: logPath };
  const end = await startWorker(order, { environment }).end;
  const broken = new Set<string>(end.exitCode === 0 ? [] : [`ended with ${end.exitCode}: ${end.stderr}`]);
  const writes = readWriteLog(logPath);
  const first = writes.findIndex(({ kind, bytes }) => kind === 'output' && bytes.includes('"kind":"ack"'));
  const cuts = Array.from({ length: images }, () => first + Math.ceil(random() * (writes.length - first)));
  const [data, stamp] = [new WrittenFile(), new WrittenFile()];
  let said = '';
  let [done, objects] = [0, 0];
  for (const cut of cuts.sort((left, right) => left - right)) {
    for (; done < cut; done += 1) {
      const { kind, at, bytes } = writes[done] as LoggedWrite;
      if (kind === 'data') data.write(bytes, at);
      else if (kind === 'stamp') stamp.write(bytes, at);
      else if (kind === 'size') data.resize(at);
      else said += bytes.toString('utf8');
    }
    const torn = writes[cut];
    // What is written of it now is written again with the rest.
    if (torn?.kind === 'data') {
      const sectors = Math.floor(random() * Math.ceil(torn.bytes.length / SECTOR_BYTES));
      data.write(torn.bytes.subarray(0, sectors * SECTOR_BYTES), torn.at);
    }
    const copy = join(folder, `image-${scenario}`);
    mkdirSync(copy);
    data.save(join(copy, 'data.mdb'));
    stamp.save(join(copy, 'stamp'));
    const lines = said.split('\n').filter(Boolean);
    const verdict = await verifyCrash(
      copy,
      lines.map((line) => JSON.parse(line) as WorkerLine),
    );
    for (const fault of verdict.broken) broken.add(`write ${cut} of ${writes.length}: ${fault}`);
    objects = Math.max(objects, verdict.objects);
    rmSync(copy, { recursive: true, force: true });
  }
  const acknowledged = said.split('"kind":"ack"').length - 1;
  const name = `images cut in the middle of writes, ${scenario}, seed ${seed}`;
  return { name, images, acknowledged, objects, broken: [...broken] };
}
