import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { storeError } from '../errors.ts';
import type { DeepCheckReport } from './deep-check-report.ts';

/** The program of the child; beside this file once built, in `dist` while run from sources. */
const CHILD: URL = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/engine/deep-check-main.js' : './deep-check-main.js',
  import.meta.url,
);

interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly output: string;
}

function runChild(path: string): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(CHILD), path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      resolve({ exitCode, signal, output: Buffer.concat(parts).toString('utf8') });
    });
  });
}

/**
 * Reads every value of the store at `path` through the engine and checks it, in a child process that a damaged
 * file may end. Throws `store_damaged` when it does.
 *
 * @spec DML-STO-0156
 */
export async function deepCheck(path: string): Promise<DeepCheckReport> {
  const { exitCode, signal, output } = await runChild(path);
  // @spec DML-STO-0157
  if (signal !== null) throw storeError('store_damaged', { path, detail: 'check_died', signal });
  if (exitCode !== 0)
    throw storeError('store_damaged', { path, detail: 'check_failed', exitCode: exitCode ?? -1 });
  return JSON.parse(output) as DeepCheckReport;
}
