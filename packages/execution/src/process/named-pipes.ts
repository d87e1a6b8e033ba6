import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Made by one call of a program, since Node makes none. */
const MADE_AT_ONCE = 32;

/** Both ends of a pipe: one to read here, and the descriptor of the other for a child process. */
export interface OpenPipe {
  readonly stream: Readable;
  readonly childFd: number;
}

/**
 * Pipes for the output of programs. What Node makes are sockets, which a program cannot open by a name such as
 * `/dev/stderr`.
 */
export class NamedPipes {
  readonly #folder: string;
  #made: Promise<string[]> = Promise.resolve([]);
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Returns a new pipe; undefined where this system makes none. */
  async #take(): Promise<OpenPipe | undefined> {
    for (;;) {
      const making = this.#made;
      const made = await making;
      const path = made.pop();
      if (path !== undefined) return opened(path);
      if (this.#made === making) this.#made = this.#make();
      if ((await this.#made).length === 0) return undefined;
    }
  }

  /** Returns pipes for both kinds of output. */
  async takeTwo(): Promise<{ stdout: OpenPipe; stderr: OpenPipe } | undefined> {
    const [stdout, stderr] = [await this.#take(), await this.#take()];
    return stdout && stderr && { stdout, stderr };
  }

  /** @spec DML-EXE-3354 */
  #make(): Promise<string[]> {
    const paths = Array.from({ length: MADE_AT_ONCE }, () => join(this.#folder, `pipe-${this.#count++}`));
    return new Promise((resolve) => {
      execFile('mkfifo', ['-m', '600', ...paths], (error) => resolve(error ? [] : paths));
    });
  }
}

function opened(path: string): OpenPipe {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const childFd = openSync(path, constants.O_WRONLY);
  // Nobody else is to write to it.
  unlinkSync(path);
  return { stream: new Socket({ fd, readable: true, writable: false }), childFd };
}

/** Closes the end of the child here: the stream ends when the child and all that it started have closed theirs. */
export function releaseChildEnd({ childFd }: OpenPipe): void {
  closeSync(childFd);
}

/** Closes both ends of a pipe that no program got. */
export function discardPipe(pipe: OpenPipe): void {
  releaseChildEnd(pipe);
  pipe.stream.destroy();
}
