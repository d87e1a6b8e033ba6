import type { RemoteFiles } from '../files/remote-files.ts';
import type { RemoteState } from '../format/state.ts';
import type { StateMemory } from '../state/state-memory.ts';
import type { KnownPages } from './ref-pages.ts';
import { RemoteRefs } from './remote-refs.ts';

/** Reads the refs of states of one remote, with the pages that are remembered of earlier exchanges. */
export class RefReader {
  readonly #files: RemoteFiles;
  readonly #memory: Pick<StateMemory, 'pages'>;
  #known: KnownPages | undefined;
  #recalled = new Set<string>();

  /** Creates a reader; `onRead` hears of the bytes of each answer of the remote. */
  constructor(files: RemoteFiles, memory: Pick<StateMemory, 'pages'> = {}, onRead?: (bytes: number) => void) {
    this.#files = onRead === undefined ? files : hearing(files, onRead);
    this.#memory = memory;
  }

  /** Returns the refs of a state; pages are recalled where it has trees. */
  async of(state: RemoteState): Promise<RemoteRefs> {
    if (this.#known === undefined && state.trees !== undefined) {
      this.#known = (await this.#memory.pages?.recall()) ?? new Map();
      this.#recalled = new Set(this.#known.keys());
    }
    this.#known ??= new Map();
    return new RemoteRefs(this.#files, state, this.#known);
  }

  /** Remembers the pages that were read or made. Never rejects. */
  async remember(): Promise<void> {
    const added: KnownPages = new Map();
    for (const [pageId, bytes] of this.#known ?? [])
      if (!this.#recalled.has(pageId)) added.set(pageId, bytes);
    if (added.size > 0) await this.#memory.pages?.remember(added);
  }
}

/** Returns files whose reads are told of. */
function hearing(files: RemoteFiles, onRead: (bytes: number) => void): RemoteFiles {
  const heard: RemoteFiles = Object.create(files);
  heard.read = async (path, range) => {
    const bytes = await files.read(path, range);
    onRead(bytes?.length ?? 0);
    return bytes;
  };
  return heard;
}
