import type { ExecId, ExecutionKey } from '@daggerml/object-model';
import {
  CachePublisher,
  type CachePublisherOptions,
  type OutcomeToPublish,
} from '../src/cache/cache-publisher.ts';
import { type CachedOutcome, CacheReader, type CacheReaderOptions } from '../src/cache/cache-reader.ts';
import { CacheView, type CacheViewOptions } from '../src/cache/cache-view.ts';
import type { Remote } from '../src/remote.ts';
import type { MemoryRemote } from '../src/testing/memory-remote.ts';
import { remoteOver } from './fixtures.ts';
import { HeldObjects } from './outcome.ts';
import { type OnRequest, type WatchedFiles, watchedFiles } from './watched-files.ts';

export { HeldObjects, outcomeOf, outcomesOf } from './outcome.ts';

/** Somebody who shares a cache. */
export interface CacheMember {
  readonly files: WatchedFiles;
  readonly remote: Remote;
  readonly view: CacheView;
  readonly reader: CacheReader;
  readonly publisher: CachePublisher;
  readonly held: HeldObjects;
  publish(outcomes: readonly OutcomeToPublish[]): ReturnType<CachePublisher['publish']>;
  lookUp(outcomes: readonly OutcomeToPublish[]): Promise<Map<ExecutionKey, CachedOutcome>>;
  /** Ids of the execs that are found, in the order of the outcomes; undefined for a miss. */
  found(outcomes: readonly OutcomeToPublish[]): Promise<(ExecId | undefined)[]>;
  /** Resolves when the state counts as old. */
  later(): Promise<void>;
}

let members = 100;

/** Creates a way to the cache of a remote. */
export function joinCache(
  memory: MemoryRemote,
  options: CacheViewOptions &
    CachePublisherOptions &
    CacheReaderOptions & { readonly onRequest?: OnRequest } = {},
): CacheMember {
  members += 1;
  const files = watchedFiles(memory.open(), options.onRequest);
  const remote = remoteOver(files, members);
  const view = new CacheView(remote, options);
  const reader = new CacheReader(view, options);
  const publisher = new CachePublisher(view, reader, options);
  const held = new HeldObjects();
  const lookUp: CacheMember['lookUp'] = async (outcomes) => {
    const all = new Map<ExecutionKey, CachedOutcome>();
    for await (const part of reader.lookUp(outcomes.map((each) => each.executionKey)))
      for (const [key, outcome] of part) all.set(key, outcome);
    return all;
  };
  return {
    files,
    remote,
    view,
    reader,
    publisher,
    held,
    lookUp,
    publish: (outcomes) => publisher.publish(outcomes, held),
    found: async (outcomes) => {
      const found = await lookUp(outcomes);
      return outcomes.map((each) => found.get(each.executionKey)?.execId);
    },
    later: () => remote.clock.sleep(10_000),
  };
}
