import type { FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../../src/files/remote-files.ts';
import { CURRENT_PATH, checkPath } from '../../src/format/file-path.ts';
import type { Network, SimProcess } from './network.ts';

/** Observer of what takes effect on a remote. */
export interface Watcher {
  onCurrent(bytes: Uint8Array, work: unknown): void;
  onRemove(path: string): void;
  onClaim?(path: string, bytes: Uint8Array, work: unknown): void;
}

/** Files on a list that come with one answer. */
const PAGE_FILES = 8;
/** Files that are deleted with one request. */
const REMOVED_TOGETHER = 3;

/** Files of a remote whose every effect takes place when the network says so. */
export class SimFiles {
  readonly immutable: Map<string, Uint8Array> = new Map<string, Uint8Array>();
  current: FileVersion | undefined;
  readonly claims: Map<string, FileVersion> = new Map<string, FileVersion>();
  /** Steps in which the remote's clock goes forward. */
  clockStepMs: number = 1;
  /** Replaces whatever version is in effect, as a bucket that knows no conditions. */
  ignoresConditions: boolean = false;
  watcher: Watcher | undefined;
  readonly #network: Network;
  #versions = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  /** Opens the files for a process. */
  open(process: SimProcess): RemoteFiles {
    const send = <Result>(label: string, effect: () => Result): Promise<Result> =>
      this.#network.request(process, label, effect);
    return {
      name: 'simulated',
      read: async (path, range) => {
        checkPath(path, 'immutable');
        return await send(`read ${path}`, () => {
          const bytes = this.immutable.get(path);
          return range === undefined ? bytes : bytes?.subarray(range.offset, range.offset + range.length);
        });
      },
      put: async (path, bytes) => {
        checkPath(path, 'immutable');
        const copy = Uint8Array.from(bytes);
        await send(`put ${path}`, () => {
          this.immutable.set(path, copy);
        });
      },
      readVersion: (path, known) =>
        send(`readVersion ${path}`, () => {
          const found = this.#mutable(path);
          return found !== undefined && found.version === known ? 'unchanged' : found;
        }),
      swap: (path, expected, bytes) => {
        const { work } = process;
        const copy = Uint8Array.from(bytes);
        return this.#network.request(
          process,
          `swap ${path} ${expected}`,
          (): SwapAnswer => this.#swap(path, expected, copy, work),
          true,
        );
      },
      list: (prefix) => this.#list(prefix, send),
      remove: async (paths) => {
        for (let at = 0; at < paths.length; at += REMOVED_TOGETHER) {
          const together = paths.slice(at, at + REMOVED_TOGETHER);
          await send(`remove ${together.join(' ')}`, () => {
            for (const path of together) {
              this.immutable.delete(path);
              this.watcher?.onRemove(path);
            }
          });
        }
      },
      now: () => send('now', () => this.remoteMs),
      close: async () => {},
    };
  }

  /** Time of the remote's clock. */
  get remoteMs(): number {
    return Math.trunc(this.#network.nowMs / this.clockStepMs) * this.clockStepMs;
  }

  #mutable(path: string): FileVersion | undefined {
    return path === CURRENT_PATH ? this.current : this.claims.get(path);
  }

  #swap(path: string, expected: string | null, bytes: Uint8Array, work: unknown): SwapAnswer {
    if (!this.ignoresConditions && (this.#mutable(path)?.version ?? null) !== expected)
      return { outcome: 'refused' };
    this.#versions += 1;
    const version = `version ${this.#versions}`;
    if (path === CURRENT_PATH) {
      this.current = { bytes, version };
      this.watcher?.onCurrent(bytes, work);
    } else {
      this.claims.set(path, { bytes, version });
      this.watcher?.onClaim?.(path, bytes, work);
    }
    return { outcome: 'applied', version };
  }

  async *#list(
    prefix: string,
    send: <Result>(label: string, effect: () => Result) => Promise<Result>,
  ): AsyncGenerator<ListedFile, void, undefined> {
    let after = '';
    for (;;) {
      const from = after;
      const page = await send(`list ${prefix} after ${from}`, () =>
        [...this.immutable]
          .filter(([path]) => path.startsWith(prefix) && path > from)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .slice(0, PAGE_FILES)
          .map(([path, { length }]) => ({ path, sizeBytes: length })),
      );
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_FILES) return;
      after = last.path;
    }
  }
}
