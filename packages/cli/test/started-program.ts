import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';

/** The `dml` of this tree as it is published; the build makes it. */
export const PROGRAM: string = join(import.meta.dirname, '../dist/program/dml.js');

/** End of a program with all that it has said. */
interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs while a test watches it; what still runs at the end of the file is killed. */
export class StartedProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Output up to now. */
  stdout = '';
  stderr = '';
  #hasEnded = false;

  /** Starts Node with a script and its arguments. */
  constructor(args: readonly string[], options: SpawnOptions) {
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.child.stdout?.on('data', (piece) => {
      this.stdout += piece;
    });
    this.child.stderr?.on('data', (piece) => {
      this.stderr += piece;
    });
    this.ended = once(this.child, 'close').then(([exitCode, signal]) => {
      this.#hasEnded = true;
      return { exitCode, signal, stdout: this.stdout, stderr: this.stderr };
    });
    afterTests('file', () => this.child.kill('SIGKILL'));
  }

  /** Resolves with what fits of all that it says; rejects when it ends before. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout + this.stderr);
      if (found !== null) return found;
      if (this.#hasEnded) throw new Error(`ended before it said ${pattern}: ${this.stdout}${this.stderr}`);
      const { stdout, stderr } = this.child;
      await Promise.race([
        this.ended,
        ...[stdout, stderr].flatMap((from) => (from ? once(from, 'data') : [])),
      ]);
    }
  }
}
