import type { DatumId, ExecutionKey, NodeId, ObjectClass, ObjectId } from '@daggerml/object-model';
import type { CachedOutcome, IsHere, OutcomeChoice, RemoteCache } from '@daggerml/remotes';
import { type ExecHead, execHeadOf, headOf, pulledOutcomesMessage } from '@daggerml/repository';
import type { Store } from '@daggerml/store';
import { decodeAs } from '../objects/decode-as.ts';
import { RunObjects } from '../objects/run-objects.ts';
import { RunIndex, runIndexRef, type StagedOutcome } from './run-index.ts';

export interface PullOutcomesOptions {
  readonly store: Store;
  /** The cache, opened to read all of its entries. */
  readonly cache: RemoteCache;
  /** Name of the remote here. */
  readonly remoteName: string;
  readonly actor: string;
  readonly nowMs: () => number;
  /** Functions whose outcomes are taken; by default those that the store has. */
  readonly functionIds?: ReadonlySet<DatumId> | undefined;
  /** True to read what is taken and to write nothing. */
  readonly isDryRun?: boolean | undefined;
  readonly onProgress?: ((counts: Readonly<PullCounts>) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Counts of a pull of outcomes. */
export interface PullCounts {
  /** Outcomes that were taken. */
  outcomes: number;
  objects: number;
  bytes: number;
  /** Keys of which a success is here already. */
  present: number;
  /** Outcomes of functions that are not chosen. */
  unwanted: number;
  /** Keys of which no outcome is trusted. */
  untrusted: number;
  /** Outcomes of which a part is missing or damaged there, or an input value is neither here nor there. */
  incomplete: number;
}

/** Keys of one question; what the question remembers is forgotten with it. @spec DML-REM-1838 */
const QUESTION_KEYS = 100_000;
/** Ids that a dry run remembers as taken. */
const MAX_TAKEN = 2_000_000;

/** Takes outcomes of the shared cache of a remote into a store, to be found by later runs without the remote. */
export class OutcomePull {
  readonly counts: PullCounts = {
    outcomes: 0,
    objects: 0,
    bytes: 0,
    present: 0,
    unwanted: 0,
    untrusted: 0,
    incomplete: 0,
  };
  readonly #options: PullOutcomesOptions;
  readonly #objects: RunObjects;
  /** True where a part of something that is here may have been left out. */
  readonly #isPartial: boolean;
  /** Objects that a dry run would have taken. */
  readonly #taken = new Set<string>();
  #untrustedKeys = new Set<ExecutionKey>();

  constructor(options: PullOutcomesOptions) {
    const { store, isDryRun = false } = options;
    this.#options = options;
    this.#objects = new RunObjects(store, isDryRun);
    this.#isPartial = store.countStubs().objects > 0;
  }

  /** Notes that an entry of a key is not trusted, and returns whether it is the first one of the key. */
  noteUntrusted(executionKey: ExecutionKey): boolean {
    if (this.#untrustedKeys.has(executionKey)) return false;
    this.#untrustedKeys.add(executionKey);
    return true;
  }

  /**
   * Takes what is chosen and not here, part by part: what was taken before an error stays. Rejects with what the remote's
   * files and the store throw, and the reason of the signal.
   */
  async run(): Promise<Readonly<PullCounts>> {
    const keys = await this.#options.cache.keys();
    for (let from = 0; from < keys.count; from += QUESTION_KEYS)
      await this.#ask(keys.slice(from, from + QUESTION_KEYS));
    return this.counts;
  }

  async #ask(keys: readonly ExecutionKey[]): Promise<void> {
    const { cache, signal, onProgress } = this.#options;
    const open = new Set(keys.filter((key) => !this.#isAnswered(key)));
    this.#untrustedKeys = new Set();
    const unwantedKeys = new Set<ExecutionKey>();
    const choice: OutcomeChoice = {
      isWanted: ({ functionDatumId, status }, key) => {
        // A failure is of use only where nothing is known.
        if (status === 'error' && this.#knownExecs(key).length > 0) {
          if (open.delete(key)) this.counts.present += 1;
          return false;
        }
        const isWanted = this.#takesFrom(functionDatumId);
        if (!isWanted) unwantedKeys.add(key);
        return isWanted;
      },
      hasOwn: (id) => this.#has('datum', id) || this.#has('page', id),
    };
    const isHere: IsHere = (link) =>
      (!this.#isPartial || link.class === 'chunk') && this.#has(link.class, link.id);
    const asked = [...open];
    // @spec DML-REM-1833
    for await (const part of cache.lookUp(asked, isHere, choice)) {
      signal?.throwIfAborted();
      this.#take(part);
      for (const key of part.keys()) open.delete(key);
      onProgress?.(this.counts);
    }
    this.counts.present += keys.length - asked.length;
    for (const key of unwantedKeys) open.delete(key);
    const untrusted = [...open].filter((key) => this.#untrustedKeys.has(key)).length;
    this.counts.unwanted += unwantedKeys.size;
    this.counts.untrusted += untrusted;
    this.counts.incomplete += open.size - untrusted;
  }

  /** Lists the execs of a key that are here. */
  #knownExecs(key: ExecutionKey): ExecHead[] {
    return this.#options.store.cacheEntries(key).flatMap((execId) => {
      const bytes = this.#objects.getPresentBytes('exec', execId);
      const head = bytes && (execHeadOf(bytes) ?? headOf(decodeAs('exec', bytes)));
      return head ? [head] : [];
    });
  }

  /** @spec DML-REM-1839 */
  #isAnswered(key: ExecutionKey): boolean {
    return this.#knownExecs(key).some(({ status }) => status === 'ok');
  }

  #takesFrom(functionDatumId: DatumId): boolean {
    const { functionIds, store } = this.#options;
    return functionIds?.has(functionDatumId) ?? store.has('datum', functionDatumId);
  }

  /** Checks whether an object is here; the next write makes sure that it stays. */
  #has(objectClass: ObjectClass, id: string): boolean {
    if (!this.#objects.isDry) return this.#objects.hasLinked(objectClass, id);
    return this.#taken.has(id) || this.#options.store.has(objectClass, id as ObjectId);
  }

  /** Takes the outcomes of one part, all of them or none. @spec DML-REM-1837 */
  #take(part: ReadonlyMap<ExecutionKey, CachedOutcome>): void {
    const { counts } = this;
    if (this.#taken.size > MAX_TAKEN) this.#taken.clear();
    for (const { objects } of part.values())
      for (const { class: objectClass, id, bytes } of objects) {
        if (this.#objects.isDry) this.#taken.add(id);
        else this.#objects.putHashed(objectClass, id, bytes);
        counts.objects += 1;
        counts.bytes += bytes.length;
      }
    if (!this.#objects.isDry) this.#keep(part);
    counts.outcomes += part.size;
  }

  /** Writes outcomes, reachable from an IndexRef so that collections keep them. @spec DML-REM-1836 */
  #keep(part: ReadonlyMap<ExecutionKey, CachedOutcome>): void {
    const { remoteName: origin, store, actor, nowMs } = this.#options;
    // @spec DML-CLI-3742
    const message = pulledOutcomesMessage(origin);
    const ref = runIndexRef(message);
    for (const outcomes of this.#layersOf(part)) {
      const index = new RunIndex({
        objects: this.#objects,
        workName: message,
        message,
        baseCommitId: undefined,
        stagedCommitId: store.getRef(ref)?.commitId,
        actor,
        nowMs,
      });
      index.keep(outcomes);
    }
  }

  /** Returns outcomes so that one commit can pin those of a list: a node may have several, from other values. */
  #layersOf(part: ReadonlyMap<ExecutionKey, CachedOutcome>): readonly StagedOutcome[][] {
    const { remoteName: origin } = this.#options;
    const layers: StagedOutcome[][] = [];
    const depths = new Map<NodeId, number>();
    for (const [executionKey, { execId }] of part) {
      const { nodeId } = this.#objects.read('exec', execId);
      const depth = depths.get(nodeId) ?? 0;
      depths.set(nodeId, depth + 1);
      layers[depth] ??= [];
      layers[depth].push({ nodeId, execId, executionKey, foundExecId: undefined, origin });
    }
    return layers;
  }
}
