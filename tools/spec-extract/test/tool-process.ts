import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Output and end of a process. */
export interface ProcessEnding {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
}

/** The command as it is built. */
export const TOOL: string = join(import.meta.dirname, '../dist/cli.js');

/** Runs the command; `interfere` may kill it. */
export function runTool(
  command: string,
  args: readonly string[],
  options: {
    readonly folder: string;
    readonly environment?: NodeJS.ProcessEnv;
    interfere?(tool: { kill(signal: NodeJS.Signals): void }): unknown;
  },
): Promise<ProcessEnding> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [command, ...args], {
      cwd: options.folder,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    options.interfere?.({ kill: (signal) => child.kill(signal) });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ stdout, stderr, code, signal, durationMs: performance.now() - start });
    });
  });
}
