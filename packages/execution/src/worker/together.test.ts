import { type ChunkId, type DatumId, encodeRecord, recordLinks } from '@daggerml/object-model';
import type { Store } from '@daggerml/store';
import { plantStub } from '@daggerml/store/testing';
import { lowerStream } from '@daggerml/values';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestRun, Workspace } from '../../test/workspace.ts';

const steps = `
import { existsSync, writeFileSync } from 'node:fs';
export const work = async (flag: string, act: string, i: number, b?: { bytes(): Promise<Uint8Array> } | null) => {
  if (act === 'read') try { return (await b!.bytes()).length; } catch { return 'caught'; }
  if (act === 'print') console.log('line ' + i);
  if (act === 'wait') while (!existsSync(flag)) await new Promise((r) => setTimeout(r, 2));
  if (act === 'make') writeFileSync(flag, '');
  if (act === 'die') (process as any).reallyExit(3);
  if (act === 'throw') throw new Error('no ' + i);
  if (act === 'exit') process.exit(i);
  return i;
};
`;

let workspace: Workspace;
afterEach(() => workspace.close());

/** Opens a run whose threads know that the function is short. */
async function openTrained(size: number): Promise<TestRun> {
  workspace = await Workspace.create(steps, { size });
  const run = workspace.begin();
  for (let i = 0; i < 3 * size; i++) await run.outcome(run.call('work', ['', '', -i]));
  workspace.events.length = 0;
  return run;
}

/** Stores a blob and returns its datum. */
async function lowerBlob(content: Uint8Array, objects: TestRun['open']['objects']): Promise<DatumId> {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    yield content;
  };
  return objects.putDatum(encodeRecord(await lowerStream(pieces(), objects)));
}

/** Lists the chunks of a stored blob. */
function chunksOf(datumId: DatumId, store: Store): string[] {
  const reached = new Map([[datumId as string, 'datum']]);
  const chunks: string[] = [];
  for (const [id, objectClass] of reached)
    if (objectClass === 'chunk') chunks.push(id);
    else
      for (const link of recordLinks(store.getRecord(objectClass as 'datum', id as DatumId) as never))
        reached.set(link.id, link.objectClass);
  return chunks;
}

describe('short calls that travel together', () => {
  it('do not wait for one that goes on [DML-EXE-2406]', async () => {
    const run = await openTrained(2);
    const flag = `${workspace.folder}/flag`;
    // The one that goes on ends only when a later one has run, in the other thread.
    const acts = Array.from({ length: 60 }, (_, i) => (i === 3 ? 'wait' : i === 20 ? 'make' : ''));
    const nodes = acts.map((act, i) => run.call('work', [flag, act, i]));
    expect(await Promise.all(nodes.map((node) => run.outcome(node)))).toEqual(acts.map((_, i) => i));
  });

  it('are not charged with the loss of their thread by another one [DML-EXE-2407]', async () => {
    const run = await openTrained(1);
    const nodes = Array.from({ length: 40 }, (_, i) =>
      run.call('work', ['', i === 7 ? 'die' : i === 9 ? 'exit' : i === 11 ? 'throw' : '', i], { retries: 0 }),
    );
    const codes = new Map([
      [7, 'worker_lost'],
      [9, 'function_exited'],
      [11, 'function_threw'],
    ]);
    for (const [i, node] of nodes.entries())
      if (codes.has(i)) expect(await run.outcome(node)).toMatchObject({ code: codes.get(i) });
      else expect(await run.outcome(node)).toBe(i);
    expect(workspace.events.filter(({ type }) => type === 'call-retried')).toEqual([]);
  });

  it('are not charged with an input of another one that is not here [DML-EXE-2791] [DML-EXE-2792]', async () => {
    const run = await openTrained(1);
    const content = Buffer.alloc(100_000, 'x');
    const datumId = await lowerBlob(content, run.open.objects);
    run.open.objects.writeAll();
    const { store } = workspace;
    const domain = 'did:key:z6MkfDbRGMkSPmiB5AywfYQ2kqF2fXxsWqzm6e3pUZbdBYMb';
    const [chunkId] = chunksOf(datumId, store);
    plantStub(store, { class: 'chunk', objectId: chunkId as ChunkId, domain, timeMs: 7 });
    const withheld = run.open.run.addLiteral(datumId);
    const nodes = Array.from({ length: 40 }, (_, i) =>
      run.call('work', ['', i === 7 ? 'read' : '', i, i === 7 ? withheld : null]),
    );
    for (const [i, node] of nodes.entries())
      if (i !== 7) expect(await run.outcome(node)).toBe(i);
      else {
        expect(await run.outcome(node)).toMatchObject({
          code: 'object_withheld',
          message: expect.stringContaining(`${domain} withholds it`),
          class: 'infrastructure',
        });
        // It is no outcome of the function, which catches what it reads.
        expect(node.execId).toBeUndefined();
      }
    expect(workspace.events.filter(({ type }) => type === 'call-retried')).toEqual([]);
  });

  it('print as themselves [DML-EXE-0807]', async () => {
    const run = await openTrained(1);
    const nodes = Array.from({ length: 40 }, (_, i) => run.call('work', ['', 'print', i]));
    await Promise.all(nodes.map((node) => run.outcome(node)));
    const printed = new Map(
      workspace.events.flatMap((event) => (event.type === 'call-output' ? [[event.nodeId, event.text]] : [])),
    );
    expect(nodes.map(({ nodeId }) => printed.get(nodeId))).toEqual(nodes.map((_, i) => `line ${i}\n`));
  });
});
