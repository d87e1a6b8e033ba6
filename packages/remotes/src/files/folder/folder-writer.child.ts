import { randomBytes } from 'node:crypto';
import { readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { FolderCalls } from './folder-calls.ts';
import { FolderFiles } from './folder-files.ts';

/** Orders of tests to a process that writes to a remote in a folder. */
export interface WriterOrder {
  readonly folder: string;
  readonly path: string;
  /** Number of the system call at which the process is killed, from 0. */
  readonly killAt?: number;
  /** Version that `swap` expects; null to create the file. */
  readonly expected?: string | null;
  readonly text?: string;
  /** Increments of `count`. */
  readonly times?: number;
  /** `wait` asks for a line on the standard input before it begins. */
  readonly job: 'put' | 'swap' | 'count' | 'read' | 'fill';
  readonly isWaiting?: boolean;
}

/** Lines that the process prints. */
export type WriterLine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'counted'; readonly count: number }
  | { readonly kind: 'done'; readonly outcome: string }
  /** Errors of writes that did not fit, and files that are there after them besides those that did. */
  | { readonly kind: 'filled'; readonly codes: readonly unknown[]; readonly left: readonly string[] }
  | { readonly kind: 'failed'; readonly code: unknown; readonly message: string };

const order = JSON.parse(process.argv[2] as string) as WriterOrder;

function say(line: WriterLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

let calls = 0;

function killAtCall(): void {
  if (calls++ !== order.killAt) return;
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

const files = new FolderFiles(
  {
    path: order.folder,
    name: 'the remote',
    calls: new FolderCalls({ limitMs: 60_000, onCall: order.killAt === undefined ? undefined : killAtCall }),
  },
  { clock: { now: Date.now, sleep: async (ms) => void (await sleep(ms)) }, randomBytes },
);

async function count(): Promise<string> {
  for (let done = 0; done < (order.times ?? 0); ) {
    const found = await files.readVersion(order.path);
    if (found === undefined || found === 'unchanged') throw new Error('the counter is not there');
    const next = Number(Buffer.from(found.bytes).toString('utf8').split(' ')[0]) + 1;
    const bytes = Buffer.from(`${next} by ${process.pid}, ${done}`);
    const { outcome } = await files.swap(order.path, found.version, bytes);
    if (outcome === 'unknown') throw new Error('a swap in a folder of this machine is unknown');
    if (outcome === 'refused') continue;
    say({ kind: 'counted', count: next });
    done += 1;
  }
  return 'counted';
}

/** Writes what does not fit: a file, a mutable file and another version of one that is there. */
async function fill(): Promise<WriterLine> {
  const large = Buffer.from(order.text ?? '');
  const current = await files.swap('CURRENT.json', null, Buffer.from('small'));
  if (current.outcome !== 'applied') throw new Error('there is no space at all');
  const codeOf = (writing: Promise<unknown>): Promise<unknown> =>
    writing.then(JSON.stringify, (error: { code?: unknown }) => error.code);
  const codes = [
    await codeOf(files.put(order.path, large)),
    await codeOf(files.swap(`claims/${'0'.repeat(64)}.json`, null, large)),
    await codeOf(files.swap('CURRENT.json', current.version, large)),
  ];
  const left = [...readdirSync(join(order.folder, 'tmp'))];
  for await (const { path } of files.list('')) if (path !== 'CURRENT.json') left.push(path);
  const found = await files.readVersion('CURRENT.json');
  if (typeof found !== 'object' || Buffer.from(found.bytes).toString('utf8') !== 'small')
    left.push('CURRENT.json');
  // Small files still fit.
  await files.swap('CURRENT.json', current.version, Buffer.from('other'));
  left.push(...readdirSync(join(order.folder, 'CURRENT.json')).slice(2));
  return { kind: 'filled', codes, left };
}

async function work(): Promise<string> {
  const bytes = Buffer.from(order.text ?? '');
  if (order.job === 'count') return count();
  if (order.job === 'read') return Buffer.from((await files.read(order.path)) ?? 'absent').toString('utf8');
  if (order.job === 'swap') return (await files.swap(order.path, order.expected ?? null, bytes)).outcome;
  await files.put(order.path, bytes);
  return 'put';
}

if (order.isWaiting) {
  say({ kind: 'ready' });
  const lines = createInterface({ input: process.stdin });
  await new Promise((resolve) => lines.once('line', resolve));
  lines.close();
}
try {
  say(order.job === 'fill' ? await fill() : { kind: 'done', outcome: await work() });
} catch (error) {
  const { code, message } = error as { code?: unknown; message: string };
  say({ kind: 'failed', code, message });
}
