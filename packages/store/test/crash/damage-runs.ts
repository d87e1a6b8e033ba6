import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { childProgram } from '../child-program.ts';

/** A way to damage a data file of `size` bytes; changes `bytes` in place and returns how many of them to keep. */
type Damage = (bytes: Buffer, random: () => number) => number;

const PAGE = 4096;

function anyPage(bytes: Buffer, random: () => number): number {
  return Math.floor(random() * (bytes.length / PAGE)) * PAGE;
}

function flip(bytes: Buffer, at: number, random: () => number): void {
  bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
}

/** The kinds of damage, from a bit in a page header to a file cut short. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  headerBit: (bytes, random) => {
    flip(bytes, anyPage(bytes, random) + Math.floor(random() * 64), random);
    return bytes.length;
  },
  anyBit: (bytes, random) => {
    flip(bytes, Math.floor(random() * bytes.length), random);
    return bytes.length;
  },
  zeroPage: (bytes, random) => {
    const at = anyPage(bytes, random);
    bytes.fill(0, at, at + PAGE);
    return bytes.length;
  },
  noise: (bytes, random) => {
    const at = anyPage(bytes, random);
    for (let index = 0; index < 8; index += 1)
      bytes[at + Math.floor(random() * 200)] = Math.floor(random() * 256);
    return bytes.length;
  },
  metaBit: (bytes, random) => {
    flip(bytes, Math.floor(random() * 2) * PAGE + Math.floor(random() * 176), random);
    return bytes.length;
  },
  cutShort: (bytes, random) => Math.floor(random() * bytes.length),
  swapPages: (bytes, random) => {
    const [from, to] = [anyPage(bytes, random), anyPage(bytes, random)];
    bytes.copy(bytes, to, from, from + PAGE);
    return bytes.length;
  },
};

/** Returns numbers in [0, 1) that follow from the seed alone. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns bytes that follow from the generator alone. */
export function seededBytes(random: () => number, sizeBytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: sizeBytes }, () => random() * 256));
}

/** Returns ids for sessions and drafts that follow from the generator alone, so that files can be made again. */
export function seededUuids(random: () => number): () => string {
  return () => {
    const hex = seededBytes(random, 16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
}

/** Figures of a run over damaged files; a signal or a wrong answer is a defect of the store. */
export interface DamageFigures {
  readonly seed: number;
  readonly files: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly signals: readonly string[];
  readonly wrong: readonly string[];
}

const FILES_PER_CHILD = 25;

/** Options of a run over damaged files. */
export interface DamageRun {
  readonly store: string;
  /** A folder to use. */
  readonly work: string;
  /** The chunks the store holds. */
  readonly ids: readonly string[];
  readonly files: number;
  readonly seed: number;
}

/**
 * Damages copies of a store in every way and lets child processes open, read and write them.
 */
export function runDamage({ store, work, ids, files, seed }: DamageRun): DamageFigures {
  const random = seededRandom(seed);
  const whole = readFileSync(join(store, 'data.mdb'));
  const kinds = Object.keys(DAMAGES);
  const figures = { answers: {} as Record<string, number>, signals: [] as string[], wrong: [] as string[] };
  writeFileSync(join(work, 'ids'), ids.join('\n'));
  copyFileSync(join(store, 'stamp'), join(work, 'stamp'));
  for (let from = 0; from < files; from += FILES_PER_CHILD) {
    rmSync(join(work, 'store'), { recursive: true, force: true });
    mkdirSync(join(work, 'store'));
    const names: string[] = [];
    for (let index = from; index < Math.min(from + FILES_PER_CHILD, files); index += 1) {
      const kind = kinds[index % kinds.length] as string;
      const bytes = Buffer.from(whole);
      const keep = (DAMAGES[kind] as Damage)(bytes, random);
      const name = `${Math.floor(index / kinds.length)}-${kind}`;
      writeFileSync(join(work, name), bytes.subarray(0, keep));
      names.push(name);
    }
    runChildOver([work, join(work, 'ids')], names, figures);
    for (const name of names) rmSync(join(work, name));
  }
  return { seed, files, ...figures };
}

function runChildOver(
  args: readonly string[],
  names: readonly string[],
  figures: { answers: Record<string, number>; signals: string[]; wrong: string[] },
): void {
  let left = names;
  while (left.length > 0) {
    const child = spawnSync(process.execPath, [childProgram('crash/damage'), ...args], {
      input: left.join('\n'),
      encoding: 'utf8',
    });
    const answers = child.stdout.split('\n').filter(Boolean);
    for (const [index, answer] of answers.entries()) {
      const [code, detail] = answer.split(' ');
      const key = code === 'ok' ? 'ok' : `${code} ${detail}`;
      figures.answers[key] = (figures.answers[key] ?? 0) + 1;
      if (code === 'wrong' || code === 'other') figures.wrong.push(`${left[index]}: ${answer}`);
    }
    if (child.signal !== null) figures.signals.push(`${left[answers.length]}: ${child.signal}`);
    else if (answers.length < left.length)
      figures.wrong.push(`${left[answers.length]}: ${child.stderr.slice(0, 500)}`);
    left = left.slice(answers.length + 1);
  }
}
