import {
  type DatumId,
  type ExecId,
  type ExecutionKey,
  encodeRecord,
  executionKey,
  hashBytes,
  type ObjectClass,
  type ObjectId,
  type Records,
} from '@daggerml/object-model';
import {
  CachePublisher,
  type CachePublisherOptions,
  type OutcomeToPublish,
} from '../src/cache/cache-publisher.ts';
import type { CachedOutcome } from '../src/cache/cache-reader.ts';
import { CacheReader } from '../src/cache/cache-reader.ts';
import { CacheView, type CacheViewOptions } from '../src/cache/cache-view.ts';
import type { Remote } from '../src/remote.ts';
import type { MemoryRemote } from '../src/testing/memory-remote.ts';
import { remoteOver } from './fixtures.ts';
import { type OnRequest, type WatchedFiles, watchedFiles } from './watched-files.ts';

/** Objects in memory, as a run holds them. */
export class HeldObjects {
  readonly objects = new Map<string, Uint8Array>();

  getBytes(_class: ObjectClass, id: string): Uint8Array | undefined {
    return this.objects.get(id);
  }

  put<Class extends ObjectClass>(record: Parameters<typeof encodeRecord>[0]): ObjectId<Class> {
    const bytes = encodeRecord(record);
    const id = hashBytes<Class>(bytes);
    this.objects.set(id, bytes);
    return id;
  }

  putText(value: string): DatumId {
    return this.put<'datum'>({ type: 'datum', kind: 'string', value });
  }
}

/** Facts of an outcome of a test. */
export interface OutcomeFacts {
  readonly status?: 'ok' | 'error';
  readonly value?: string;
  readonly fencing?: number;
  readonly startedMs?: number;
  readonly sourceExecId?: ExecId;
}

/** Makes the outcome of a function applied to a text. */
export function outcomeOf(held: HeldObjects, input: string, facts: OutcomeFacts = {}): OutcomeToPublish {
  const { status = 'ok', value = `${input} done`, fencing, startedMs = 1, sourceExecId = null } = facts;
  const functionDatumId = held.put<'datum'>({ type: 'datum', kind: 'uri', value: 'dml+exec://suite/f' });
  const inputDatumId = held.putText(input);
  const literal = held.put<'node'>({ type: 'node', kind: 'literal', datumId: inputDatumId });
  const nodeId = held.put<'node'>({ type: 'node', kind: 'call', functionDatumId, inputs: [literal] });
  const rootNodeId = held.put<'node'>({ type: 'node', kind: 'literal', datumId: held.putText(value) });
  const execId = held.put<'exec'>({
    type: 'exec',
    nodeKind: 'call',
    pins: [],
    requestId: null,
    sourceExecId,
    receiptDatumId: sourceExecId === null ? held.putText('receipt') : null,
    detailsDatumId: null,
    nodeId,
    status,
    functionDatumId,
    inputs: [inputDatumId],
    resultDagId: held.put<'dag'>({ type: 'dag', rootNodeId, names: [] }),
    startedMs: sourceExecId === null ? startedMs : null,
    finishedMs: sourceExecId === null ? 2 : null,
  } satisfies Records['exec']);
  return { executionKey: executionKey(functionDatumId, [inputDatumId]), execId, status, fencing };
}

/** Returns outcomes of so many texts. */
export function outcomesOf(held: HeldObjects, count: number, prefix = 'input'): OutcomeToPublish[] {
  return Array.from({ length: count }, (_, at) => outcomeOf(held, `${prefix} ${at}`));
}

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
  options: CacheViewOptions & CachePublisherOptions & { readonly onRequest?: OnRequest } = {},
): CacheMember {
  members += 1;
  const files = watchedFiles(memory.open(), options.onRequest);
  const remote = remoteOver(files, members);
  const view = new CacheView(remote, options);
  const reader = new CacheReader(view);
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
