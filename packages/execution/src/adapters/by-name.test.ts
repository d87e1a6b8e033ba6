import type { NodeId } from '@daggerml/object-model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { adapterSuite } from '../testing/adapter-suite.ts';
import { MemoryAdapter, memoryUri } from '../testing/memory-adapter.ts';
import { AdaptersByName, type NamedAdapters } from './by-name.ts';
import type { AdapterContext, AdapterReport, ExecutionAdapter, Poll, Submission } from './port.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await Workspace.create('');
});
afterAll(() => workspace.close());

/** An adapter that answers when it is told to. */
class Held implements ExecutionAdapter {
  readonly asked: (Submission | Poll)[] = [];
  readonly stopped: NodeId[] = [];
  isClosed = false;
  readonly capacity: number;
  readonly #context: AdapterContext;

  constructor(context: AdapterContext, capacity: number) {
    this.#context = context;
    this.capacity = capacity;
  }

  submit(submissions: readonly Submission[]): void {
    this.asked.push(...submissions);
  }

  poll(polls: readonly Poll[]): void {
    this.asked.push(...polls);
  }

  stop(nodeId: NodeId): void {
    this.stopped.push(nodeId);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  answer(nodeId: NodeId): void {
    const answer = { type: 'failed', isRetryable: false, code: 'worker_lost', reason: '' } as const;
    this.#context.report([{ type: 'answered', nodeId, answer }]);
  }
}

class World {
  readonly started: string[] = [];
  readonly held: Record<string, Held> = {};
  readonly reports: AdapterReport[] = [];
  readonly adapter: AdaptersByName;

  constructor(capacities: Readonly<Record<string, number>>) {
    const adapters: Record<string, NamedAdapters[string]> = {};
    for (const [name, capacity] of Object.entries(capacities)) {
      adapters[name] = (context) => {
        this.started.push(name);
        this.held[name] = new Held(context, capacity);
        return this.held[name];
      };
    }
    const { objects } = workspace.begin().open;
    this.adapter = new AdaptersByName(
      { objects, report: (reports) => this.reports.push(...reports) },
      adapters,
    );
  }

  asked(name: string): string[] {
    return (this.held[name]?.asked ?? []).map(({ nodeId }) => nodeId);
  }
}

function call(functionUri: string, nodeId: string): Submission {
  const id = nodeId as NodeId;
  return {
    nodeId: id,
    functionUri,
    inputDatumIds: [],
    executionKey: nodeId as never,
    attempt: 1,
    timeoutMs: undefined,
  };
}

describe('adapters by name', () => {
  it('each get the submissions, polls and stops of their own calls [DML-EXE-3300]', async () => {
    const { adapter, asked, held } = bound(new World({ one: 9, two: 9 }));
    adapter.submit([
      call('dml+exec://one/f', 'a'),
      call('dml+exec://two/f', 'b'),
      call('dml+exec://one/g?x=1', 'c'),
    ]);
    adapter.poll([{ nodeId: 'b' as NodeId, functionUri: 'dml+exec://two/f', token: 't' }]);
    expect(asked('one')).toEqual(['a', 'c']);
    expect(asked('two')).toEqual(['b', 'b']);
    adapter.stop('c' as NodeId);
    expect(held.one?.stopped).toEqual(['c']);
    await adapter.close();
    expect([held.one?.isClosed, held.two?.isClosed]).toEqual([true, true]);
  });

  it('start with their first call, and once [DML-EXE-3301]', () => {
    const { adapter, started } = new World({ one: 9, two: 9 });
    expect(started).toEqual([]);
    adapter.submit([call('dml+exec://two/f', 'a')]);
    adapter.submit([call('dml+exec://two/g', 'b')]);
    expect(started).toEqual(['two']);
  });

  it.each([['dml+exec://three/f'], ['dml+exec://constructor/f'], ['dml+exec:///f'], ['https://one/f'], ['']])(
    'refuse "%s" in a later turn, with the names that are known, for good [DML-EXE-3302]',
    async (uri) => {
      const { adapter, reports, started } = new World({ two: 9, one: 9 });
      adapter.submit([call(uri, 'a')]);
      expect(reports).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
      const reason = `no adapter here runs ${uri}; there are: one, two`;
      const answer = { type: 'failed', isRetryable: false, code: 'adapter_unknown', reason };
      expect(reports).toEqual([{ type: 'answered', nodeId: 'a', answer }]);
      expect(started).toEqual([]);
    },
  );

  it('are asked up to their own capacity, whatever waits for another [DML-EXE-3303]', () => {
    const { adapter, asked, held } = bound(new World({ one: 1, two: 2 }));
    const uri = 'dml+exec://one/f';
    adapter.submit(['a', 'b', 'c', 'd'].map((id) => call(uri, id)));
    adapter.submit(['e', 'f', 'g'].map((id) => call('dml+exec://two/f', id)));
    expect([asked('one'), asked('two')]).toEqual([['a'], ['e', 'f']]);
    // What asks this one counts what waits, too.
    expect(adapter.capacity).toBe(Number.POSITIVE_INFINITY);
    adapter.stop('b' as NodeId);
    held.one?.answer('a' as NodeId);
    expect(asked('one')).toEqual(['a', 'c']);
    adapter.poll([{ nodeId: 'a' as NodeId, functionUri: uri, token: 't' }]);
    adapter.stop('c' as NodeId);
    held.one?.answer('d' as NodeId);
    expect(asked('one')).toEqual(['a', 'c', 'd', 'a']);
    expect(held.one?.stopped).toEqual(['c']);
    expect(asked('two')).toEqual(['e', 'f']);
  });
});

describe('the suite of adapters', () => {
  const functions = {
    subtract: (a: number, b: number) => a - b,
    fail: (text: string) => {
      throw new Error(text);
    },
    wait: () => new Promise(() => {}),
  };
  for (const { name, run } of adapterSuite) {
    it(`${name}, by name [DML-EXE-1311]`, async () => {
      const { objects } = workspace.begin().open;
      const start = (context: AdapterContext): AdaptersByName =>
        new AdaptersByName(context, { memory: (inner) => new MemoryAdapter(inner, { functions }) });
      // Without a limit of its own it is asked as much as the suite wants.
      await expect(run({ start, objects, uriOf: memoryUri })).resolves.toBeUndefined();
    });
  }
});

function bound(world: World): Pick<World, 'adapter' | 'held'> & { asked: (name: string) => string[] } {
  return { adapter: world.adapter, held: world.held, asked: (name) => world.asked(name) };
}
