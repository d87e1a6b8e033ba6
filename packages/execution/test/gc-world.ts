import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitId } from '@daggerml/object-model';
import { headRef, openStore, type RefName, type Store, verifyStore } from '@daggerml/store';
import { collectSteps } from '@daggerml/store/testing';
import { Executor } from '../src/executor.ts';
import { MemoryAdapter, memoryUri } from '../src/testing/memory-adapter.ts';
import { TestRun } from './workspace.ts';

export const MAIN: RefName = headRef('main');

/** Functions of these tests; `random` returns another value each time. */
const functions: Readonly<Record<string, (...inputs: never[]) => unknown>> = {
  sum: (...inputs: number[]) => inputs.flat(9).reduce((total, value) => total + value, 0),
  wrap: (...inputs: unknown[]) => [...inputs, 'a text that is longer than what stands in a page'.repeat(5)],
  random: () => Math.random(),
};

/** A store with a run on it, another that collects garbage from the same file, and no worker threads. */
export class GcWorld {
  readonly folder: string;
  store!: Store;
  collector!: Store;
  #executor!: Executor;
  /** Names of the functions that the run called, in order. */
  ran: string[] = [];
  /** Called before a function is called. */
  onCall: (() => void) | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Opens a world of its own, or a copy of the files of another that is closed. */
  static async open(from?: GcWorld): Promise<GcWorld> {
    const memory = '/dev/shm';
    const world = new GcWorld(mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'dml-gc-')));
    if (from) cpSync(from.folder, world.folder, { recursive: true });
    const path = join(world.folder, 'store');
    mkdirSync(path, { recursive: true });
    world.store = await openStore(path, { mode: 'write', create: true });
    world.collector = await openStore(path, { mode: 'write' });
    world.#executor = new Executor({
      store: world.store,
      startAdapter: (context) => {
        const adapter = new MemoryAdapter(context, { functions });
        const submit = adapter.submit.bind(adapter);
        adapter.submit = (submissions) => {
          for (const { functionUri } of submissions) {
            world.ran.push(functionUri.slice(memoryUri('').length));
            world.onCall?.();
          }
          submit(submissions);
        };
        return adapter;
      },
    });
    return world;
  }

  begin(workName: string, base: RefName | undefined = undefined): TestRun {
    this.ran = [];
    return new TestRun(this.#executor.openRun({ workName, base, actor: 'tester' }), '');
  }

  /** Calls `hook` before everything the run does with its store. */
  watch(hook: () => void): void {
    const store = this.store as unknown as Record<string, unknown> & Store;
    const names = ['get', 'getRecord', 'has', 'getRef', 'cacheEntries', 'transact'] as const;
    for (const name of names) {
      const method = store[name] as (...values: unknown[]) => unknown;
      Object.defineProperty(store, name, {
        value: (...values: unknown[]): unknown => {
          if (store.engine.writing === undefined) hook();
          return method.apply(store, values);
        },
      });
    }
  }

  /** Collects garbage after everything else that may free objects. */
  collectAll(): void {
    this.pruneIndexRefs();
    for (const _ of this.collect()) void _;
  }

  /** Runs a collection step by step. */
  collect(): Generator<unknown, unknown, undefined> {
    return collectSteps(this.collector, { sliceObjects: 7, stepObjects: 10 });
  }

  moveRef(ref: RefName, next: CommitId | null): void {
    const expected = this.collector.getRef(ref)?.commitId ?? null;
    this.collector.updateRef({ ref, expected, next, actor: 'another', reason: 'test' });
  }

  /** Deletes every IndexRef, as a cleanup of abandoned work would. */
  pruneIndexRefs(): void {
    for (const { name } of this.collector.readRefs('index')) this.moveRef(name, null);
  }

  /** Lists what is damaged in the store, such as links to what is gone. */
  async holes(): Promise<unknown[]> {
    const found: unknown[] = [];
    await verifyStore(this.collector, { onFinding: (finding) => void found.push(finding) });
    return found;
  }

  /** Ends the sessions; the files stay where they are to be copied. */
  async shut(staysFor: 'copies' | 'nothing' = 'nothing'): Promise<void> {
    await this.#executor.close();
    await this.store.close();
    await this.collector.close();
    if (staysFor === 'nothing') this.remove();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
