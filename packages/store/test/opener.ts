import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { afterTests } from '@daggerml/testkit';
import { childProgram } from './child-program.ts';
import type { OpenerOrder } from './crash/opener.child.ts';
import { temporaryFolder } from './fixture-store.ts';

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
/** Longest time of the other process for one step, the start of Node included, before it counts as stuck. */
const LOCK_WAIT_MS = 600_000;

/** Answer of the other process to an order. */
export interface OpenerAnswer {
  readonly at?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly datumId?: DatumId;
  readonly has?: boolean;
  readonly writer?: number;
  readonly creator?: string;
}

/** Another process that opens and uses a store step by step as it is told; telling blocks until it has answered. */
export class Opener {
  readonly #folder: string = temporaryFolder();
  readonly child: ChildProcess;
  #turn = 0;

  constructor(path: string) {
    const program = [childProgram('crash/opener'), path, this.#folder];
    this.child = spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] });
    afterTests('test', () => this.child.kill('SIGKILL'));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  tell(order: OpenerOrder): OpenerAnswer {
    this.order(order);
    return this.answer();
  }

  /** Sends an order and does not wait for its answer. */
  order(order: OpenerOrder): void {
    this.#turn += 1;
    const draft = join(this.#folder, 'draft');
    writeFileSync(draft, JSON.stringify(order));
    renameSync(draft, join(this.#folder, `order-${this.#turn}`));
  }

  /** Returns the answer to the last order; blocks until it is there. */
  answer(): OpenerAnswer {
    const file = join(this.#folder, `answer-${this.#turn}`);
    const endMs = performance.now() + LOCK_WAIT_MS;
    while (!existsSync(file)) {
      if (performance.now() > endMs) throw new Error('the other process does not answer');
      Atomics.wait(PAUSE, 0, 0, 0.2);
    }
    return JSON.parse(readFileSync(file, 'utf8')) as OpenerAnswer;
  }

  /** Ends the process by a signal that it cannot catch. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
