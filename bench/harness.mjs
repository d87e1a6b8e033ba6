import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Returns the median of the values. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Folder whose files are in memory, for what is only prepared there; undefined where the system has none. */
export const MEMORY_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : undefined;

/** Runs `body` with a fresh folder that is removed afterwards. */
export async function withFolder(body, parent = process.env.DML_BENCH_DIR ?? tmpdir()) {
  const folder = mkdtempSync(join(parent, 'dml-bench-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Times one call in milliseconds. */
export async function timeMs(body) {
  const start = process.hrtime.bigint();
  await body();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/**
 * Runs every subject once per round, in an order that rotates by one each round, so that a drift of the
 * machine's speed affects all of them alike.
 *
 * A subject is `{ name, run }`; `run` returns the milliseconds to count, without setup. The same subject twice
 * (A/A) gives the noise floor.
 */
export async function interleave(subjects, { rounds = 5, warmups = 1 } = {}) {
  const times = new Map(subjects.map(({ name }) => [name, []]));
  for (let round = -warmups; round < rounds; round += 1) {
    for (let turn = 0; turn < subjects.length; turn += 1) {
      const subject = subjects[(turn + Math.max(round, 0)) % subjects.length];
      globalThis.gc?.();
      const spent = await subject.run();
      if (round >= 0) times.get(subject.name).push(spent);
    }
  }
  return times;
}

/** Returns the round-by-round ratios `a / b`. */
export function ratios(times, a, b) {
  const right = times.get(b);
  return times.get(a).map((value, round) => value / right[round]);
}

/** Returns the median of the round-by-round ratios `a / b`. */
export function ratio(times, a, b) {
  return median(ratios(times, a, b));
}

/**
 * Returns a row of the table: a value against the aim of a requirement, which is a limit from above or from below. The
 * value is a ratio, unless `unit` names another unit. `detail` is printed behind the value.
 */
export function judge(requirement, { what, against, value, atMost, atLeast, unit = '×', detail = '' }) {
  const met = atMost === undefined ? value >= atLeast : value <= atMost;
  const aim = atMost === undefined ? `≥ ${atLeast}${unit}` : `≤ ${atMost}${unit}`;
  const shown = Math.abs(value) < 100 ? value.toFixed(2) : value.toFixed(0);
  return { requirement, what, against, result: `${shown}${unit}${detail && ` (${detail})`}`, aim, met };
}

/** Formats the first and third quartile of the values. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))].toFixed(2);
  return `${at(0.25)}–${at(0.75)}`;
}

/**
 * Starts a child process that answers tasks one at a time. Subjects in one process would share compiled code and
 * slow each other down by the garbage they leave.
 */
export function startProcess(file, args = []) {
  const child = fork(file, args, { execArgv: ['--expose-gc'] });
  let waiting;
  let isOver = false;
  child.on('message', (answer) => waiting?.resolve(answer));
  child.on('exit', (code) => {
    isOver = true;
    waiting?.reject(new Error(`${file} ended with exit code ${code}`));
  });
  return {
    ask: (task) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (isOver) reject(new Error(`${file} has ended`));
        else child.send(task);
      }),
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}

/** Answers the tasks of `startProcess` in its child process, which ends with its parent. */
export function answerTasks(answer, end = () => {}) {
  process.on('message', async (task) => process.send(await answer(task)));
  process.on('disconnect', end);
}
