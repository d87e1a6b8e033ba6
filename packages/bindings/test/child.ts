import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileModule } from '@daggerml/execution/testing';

/** How a child ended: without an exit code when it was killed. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly lines: unknown[];
}

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
  end(): Promise<ChildEnd> {
    this.#process.stdin?.end();
    return this.#end();
  }

  /** Kills the child, if it still runs; yields what it said before. */
  kill(): Promise<ChildEnd> {
    this.#process.kill('SIGKILL');
    return this.#end();
  }

  async #end(): Promise<ChildEnd> {
    const { exitCode, signalCode } = this.#process;
    const isOver = (exitCode ?? signalCode) !== null && this.#process.stdout?.closed;
    if (!isOver) await once(this.#process, 'close');
    rmSync(this.#scratch, { recursive: true, force: true });
    // A killed child may leave a line unfinished.
    const lines = this.#output.slice(0, this.#output.lastIndexOf('\n') + 1).split('\n');
    const said = lines.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line));
    return { exitCode: this.#process.exitCode, lines: said };
  }
}
