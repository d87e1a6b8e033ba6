import { hashBytes } from '@daggerml/object-model';
import { nodeEnvironment } from '@daggerml/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import { failureError } from './call-failure.ts';

const steps = `
import { blob, type BlobHandle } from '@daggerml/bindings';
export const small = (n: number) => n;
export const large = (n: number) => blob((async function* () {
  for (let i = 0; i < n; i++) yield new Uint8Array(1_000_000).fill(i);
})());
export const few = (length: number) => blob(new Uint8Array(length).fill(7));
export const size = async (data: BlobHandle) => (await data.bytes()).length;
export const wait = () => new Promise(() => { setInterval(() => {}, 1000); });
`;

let workspace: Workspace;
/** What goes wrong with the store from now on. */
let trouble: 'none' | 'full' | 'broken';

async function reopen(): Promise<void> {
  trouble = 'none';
  const environment = nodeEnvironment();
  const store = {
    ...environment,
    statFileSystem: (path: string) => {
      const found = environment.statFileSystem(path);
      return trouble === 'full' ? { ...found, availableBytes: 0 } : found;
    },
    failpoint: (name: string) => {
      if (trouble === 'broken' && name === 'put')
        throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    },
  };
  await workspace.reopen({}, { environment: store });
}

beforeEach(async () => {
  workspace = new Workspace();
  workspace.write(steps);
  await reopen();
});
afterEach(() => workspace.close());

const troubles = [
  { kind: 'full', code: 'store_full' },
  { kind: 'broken', code: 'store_write_failed' },
] as const;

describe('a store that fails in the middle of a run', () => {
  it('ends the run with its own error, and every open call [DML-EXE-1009]', async () => {
    for (const { kind, code } of troubles) {
      for (const [name, input] of Object.entries({ small: 1, large: 40 })) {
        const run = workspace.begin();
        const [waiting, node] = [run.call('wait', []), run.call(name, [input], { retries: 5 })];
        const dependent = run.call('small', [node]);
        trouble = kind;
        const ended = run.open.run.idle();
        for (const each of [node, waiting, dependent]) {
          expect([name, await run.outcome(each)]).toMatchObject([name, { class: 'infrastructure', code }]);
          expect(failureError(each).code).toBe(code);
        }
        await expect(ended).rejects.toMatchObject({ code });
        expect(() => run.call('small', [2])).toThrow(expect.objectContaining({ code }));
        expect(run.counts).toEqual({ failed: 3 });
        expect(workspace.events.filter(({ type }) => type === 'call-retried')).toEqual([]);
        await reopen();
      }
    }
  });

  it('ends the run when it is the memory that has to be written', async () => {
    const run = workspace.begin();
    const node = run.call('wait', []);
    trouble = 'full';
    const add = (): void => {
      for (let index = 0; index < 100; index += 1) run.literal('a long text '.repeat(80_000) + index);
    };
    expect(add).toThrow(expect.objectContaining({ code: 'store_full' }));
    expect(await run.outcome(node)).toMatchObject({ code: 'store_full' });
  });

  it('ends the run when it yields wrong bytes [DML-EXE-1009]', async () => {
    const first = workspace.begin({ workName: 'first' });
    await first.outcome(first.call('few', [9000]));
    workspace.store.transact('damage', (transaction) => {
      const key = Buffer.from(`0c${hashBytes(new Uint8Array(9000).fill(7))}`, 'hex');
      expect(transaction.deleteRow('objects', key)).toBe(true);
      transaction.putRow('objects', key, Buffer.from('something else'));
    });
    const run = workspace.begin({ workName: 'second' });
    const size = run.call('size', [run.call('few', [9000])]);
    await expect(run.open.run.idle()).rejects.toMatchObject({ code: 'store_damaged' });
    expect(await run.outcome(size)).toMatchObject({ code: 'store_damaged' });
    expect(run.counts).toEqual({ cached: 1, failed: 1 });
  });

  it('keeps the calls that were complete for the next run [DML-EXE-1010]', async () => {
    for (const { kind } of troubles) {
      const first = workspace.begin({ workName: kind });
      const done = [first.call('small', [3]), first.call('large', [12])];
      for (const node of done) await first.outcome(node);
      trouble = kind;
      await first.outcome(first.call('large', [done[0]]));
      await first.open.close();
      await reopen();
      const second = workspace.begin({ workName: kind });
      const again = [second.call('small', [3]), second.call('large', [12])];
      for (const node of again) await second.outcome(node);
      expect(second.counts).toEqual({ cached: 2 });
      expect(again.map(({ execId }) => execId)).toEqual(done.map(({ execId }) => execId));
      expect(await second.outcome(second.call('large', [again[0]]))).toMatchObject({ sizeBytes: 3_000_000 });
    }
  });
});
