import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterTests } from '@daggerml/testkit';
import type { WriterLine, WriterOrder } from '../src/files/folder/folder-writer.child.ts';

const PROGRAM = fileURLToPath(new URL('../dist/files/folder/folder-writer.child.js', import.meta.url));

/** A process that writes to a remote in a folder. */
export class FolderWriter {
  readonly lines: WriterLine[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #onLine: () => void = () => {};
  #stderr = '';

  /** Starts a process; `prefix` is a command that starts it in other surroundings. */
  constructor(order: WriterOrder, prefix: readonly string[] = []) {
    const [command = '', ...args] = [...prefix, process.execPath, PROGRAM, JSON.stringify(order)];
    // Another user may read neither what counts branches nor where it writes.
    const { NODE_OPTIONS: _options, NODE_V8_COVERAGE: _folder, ...env } = process.env;
    const isWrapped = command !== process.execPath;
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(isWrapped && { env }),
    });
    this.#process = child;
    child.stderr.on('data', (text) => {
      this.#stderr += text;
    });
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (text) => {
      this.lines.push(JSON.parse(text) as WriterLine);
      this.#onLine();
    });
    // A process may be gone before its order to go on arrives.
    child.stdin.on('error', () => {});
    this.#ended = Promise.all([once(child, 'close'), once(lines, 'close')]);
    afterTests('test', () => child.kill('SIGKILL'));
  }

  /** Resolves once the process has printed so many lines, or has ended. */
  async printed(count: number): Promise<void> {
    while (this.lines.length < count) {
      const line = new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
      await Promise.race([line, this.#ended.then(() => Promise.reject(new Error(`ended: ${this.#stderr}`)))]);
    }
  }

  /** Orders a process that waits to begin. */
  go(): void {
    this.#process.stdin?.write('go\n');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Waits for the end of the process; returns its last line, or the signal that ended it. */
  async end(): Promise<WriterLine | string> {
    await this.#ended;
    const { signalCode, exitCode } = this.#process;
    if (signalCode !== null) return signalCode;
    const last = this.lines.at(-1);
    if (exitCode !== 0 || last === undefined) throw new Error(`exit code ${exitCode}: ${this.#stderr}`);
    return last;
  }
}
