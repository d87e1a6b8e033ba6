import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileModule } from '@daggerml/capture/testing';

/** End of a child process: without an exit code when it was killed. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly lines: unknown[];
}

const compiled = new Map<string, Promise<string>>();

/** Compiles a file beside this one, once. */
function codeOf(name: string): Promise<string> {
  const code =
    compiled.get(name) ?? compileModule(join(import.meta.dirname, name), ['@daggerml/source', 'module']);
  compiled.set(name, code);
  return code;
}

/** A process of a test that says `ready` first and one line of JSON for each thing it did. */
export class Child {
  readonly #process: ChildProcess;
  readonly #scratch: string;
  /** The exit code, once nothing more is to be read. */
  readonly #ended: Promise<number | null>;
  #output = '';

  private constructor(process: ChildProcess, scratch: string) {
    this.#process = process;
    this.#scratch = scratch;
    this.#ended = once(process, 'close').then(([exitCode]) => exitCode as number | null);
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
  }

  /** Compiles and starts `name` beside this file; resolves when it is ready. */
  static async start(name: string, args: readonly string[]): Promise<Child> {
    const scratch = mkdtempSync(join(import.meta.dirname, '../node_modules/.child-'));
    const script = join(scratch, 'child.mjs');
    writeFileSync(script, await codeOf(name));
    const child = new Child(
      spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }),
      scratch,
    );
    await child.#ready();
    return child;
  }

  /** Resolves when the child is ready; rejects when it ends before. */
  async #ready(): Promise<void> {
    let hasEnded = false;
    const ended = this.#ended.then(() => {
      hasEnded = true;
    });
    while (!this.#output.includes('ready\n')) {
      if (hasEnded) throw new Error(`the child ended with code ${await this.#ended}`);
      await Promise.race([once(this.#process.stdout as never, 'data'), ended]);
    }
  }

  /** Sends the child the order to begin. */
  go(): void {
    this.#process.stdin?.write('go\n');
  }

  /** Ends the child's input; returns its exit code and its lines. */
  end(): Promise<ChildEnd> {
    this.#process.stdin?.end();
    return this.#end();
  }

  /** Kills the child, if it still runs; returns what it said before. */
  kill(): Promise<ChildEnd> {
    this.#process.kill('SIGKILL');
    return this.#end();
  }

  async #end(): Promise<ChildEnd> {
    const exitCode = await this.#ended;
    rmSync(this.#scratch, { recursive: true, force: true });
    // A killed child may leave a line unfinished.
    const lines = this.#output.slice(0, this.#output.lastIndexOf('\n') + 1).split('\n');
    return { exitCode, lines: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)) };
  }
}
