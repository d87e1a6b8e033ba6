import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileModule } from '@daggerml/execution/testing';

/** A process of a test that says `ready` first and one line of JSON for each thing it did. */
export class Child {
  readonly #process: ChildProcess;
  readonly #scratch: string;
  #output = '';

  private constructor(process: ChildProcess, scratch: string) {
    this.#process = process;
    this.#scratch = scratch;
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
  }

  /** Compiles and starts `name` beside this file; resolves when it is ready. */
  static async start(name: string, args: readonly string[]): Promise<Child> {
    const scratch = mkdtempSync(join(import.meta.dirname, '../node_modules/.child-'));
    const script = join(scratch, 'child.mjs');
    const source = join(import.meta.dirname, name);
    writeFileSync(script, await compileModule(source, ['@daggerml/source', 'module']));
    const child = new Child(
      spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
      scratch,
    );
    while (!child.#output.includes('ready\n'))
      await Promise.race([once(child.#process.stdout as never, 'data'), child.#failed()]);
    return child;
  }

  async #failed(): Promise<never> {
    const [exitCode] = await once(this.#process, 'close');
    throw new Error(`the child ended with code ${exitCode}`);
  }

  /** Tells the child to begin. */
  go(): void {
    this.#process.stdin?.write('go\n');
  }

  /** Ends the child's input; yields its exit code and its lines. */
  async end(): Promise<{ exitCode: number | null; lines: unknown[] }> {
    this.#process.stdin?.end();
    const [exitCode] = await once(this.#process, 'close');
    rmSync(this.#scratch, { recursive: true, force: true });
    const lines = this.#output.split('\n').filter((line) => line.startsWith('{'));
    return { exitCode, lines: lines.map((line) => JSON.parse(line)) };
  }
}
