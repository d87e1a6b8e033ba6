import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { childProgram } from './child-program.ts';

/** Another process that opens a store and holds it; it ends with the test at the latest. */
export class Holder {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(...program: readonly string[]) {
    this.#child = spawn(process.execPath, [childProgram('holder'), ...program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[
      Symbol.asyncIterator
    ]();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Returns the next line that the process prints; undefined when it has ended. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** Closes the store of the process; returns how it ended. */
  async end(): Promise<number | null> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    return (await ended)[0] as number | null;
  }
}
