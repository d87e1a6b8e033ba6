import assert from 'node:assert/strict';
import { type ExecId, type ExecutionKey, executionKey } from '@daggerml/object-model';
import { inputsRoot, putFailure, putResultDag } from '@daggerml/repository';
import { lowerValue } from '@daggerml/values';
import type { Publication, SharedCache, SharedOutcome } from '../cache/shared-cache.ts';
import { outcomeClosure } from '../objects/closure.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { PLAIN_EXEC } from '../run/record-run.ts';
import { unpackObjects } from '../worker/packed-objects.ts';
import type { SuiteCase } from './suite-case.ts';

/** A shared cache as the suite judges it: new and empty for every case. */
export interface SharedCacheUnderTest {
  readonly cache: SharedCache;
  readonly objects: RunObjects;
}

/** Makes an outcome of a function applied to a number. */
function outcomeOf(
  objects: RunObjects,
  input: number,
  { status = 'ok', value = input, fencing }: { status?: 'ok' | 'error'; value?: unknown; fencing?: number },
): Publication {
  const functionDatumId = objects.put({ type: 'datum', kind: 'uri', value: 'dml+exec://suite/f' });
  const inputDatumId = lowerValue(input, objects, '');
  const inputs = inputsRoot([inputDatumId], objects);
  const literal = objects.put({ type: 'node', kind: 'literal', datumId: inputDatumId });
  const nodeId = objects.put({ type: 'node', kind: 'call', functionDatumId, inputs: [literal] });
  const failure = { code: 'function_threw', message: String(value), trace: [] };
  const datumId = status === 'ok' ? lowerValue(value, objects, '') : putFailure(failure, objects);
  const execId = objects.put({
    ...PLAIN_EXEC,
    nodeId,
    status,
    functionDatumId,
    inputs,
    resultDagId: putResultDag(datumId, objects),
    startedMs: 1,
    finishedMs: 2,
  }) as ExecId;
  return { executionKey: executionKey(functionDatumId, inputs), execId, status, fencing };
}

async function answersTo(
  cache: SharedCache,
  keys: readonly ExecutionKey[],
): Promise<ReadonlyMap<ExecutionKey, SharedOutcome>> {
  const answers = new Map<ExecutionKey, SharedOutcome>();
  for await (const part of cache.lookUp(keys)) for (const [key, outcome] of part) answers.set(key, outcome);
  return answers;
}

async function answerTo(cache: SharedCache, key: ExecutionKey): Promise<SharedOutcome | undefined> {
  return (await answersTo(cache, [key])).get(key);
}

/** Publishes outcomes, without waiting for others. */
async function publish(
  { cache, objects }: SharedCacheUnderTest,
  publications: readonly Publication[],
): Promise<void> {
  const published = cache.publish(publications, objects);
  cache.flush?.();
  await published;
}

/**
 * The promises of a shared cache. Run every case against every implementation.
 *
 * @spec DML-EXE-2368
 */
export const sharedCacheSuite: readonly SuiteCase<SharedCacheUnderTest>[] = [
  {
    name: 'answers keys together, and leaves out those that it does not know',
    run: async ({ cache, objects }) => {
      const known = [1, 2, 3].map((input) => outcomeOf(objects, input, {}));
      const unknown = outcomeOf(objects, 4, {});
      await publish({ cache, objects }, known);
      const found = await answersTo(
        cache,
        [...known, unknown].map((each) => each.executionKey),
      );
      assert.deepEqual(
        new Map([...found].map(([key, { execId }]) => [key, execId])),
        new Map(known.map((each) => [each.executionKey, each.execId])),
      );
    },
  },
  {
    name: 'answers with the exec and everything that its outcome is made of',
    run: async ({ cache, objects }) => {
      const value = Array.from({ length: 3000 }, (_, index) => ({ index, text: `entry ${index}` }));
      const published = outcomeOf(objects, 7, { value });
      await publish({ cache, objects }, [published]);
      const found = await answerTo(cache, published.executionKey);
      assert.ok(found);
      const received = new Map([...unpackObjects(found.objects)].map((each) => [each.objectId, each.bytes]));
      for (const { objectId, bytes } of outcomeClosure(published.execId, objects)) {
        const copy = received.get(objectId);
        assert.ok(copy, `${objectId} is missing`);
        assert.deepEqual(new Uint8Array(copy), new Uint8Array(bytes));
      }
    },
  },
  {
    name: 'answers with a failure like with any other outcome',
    run: async ({ cache, objects }) => {
      const failed = outcomeOf(objects, 5, { status: 'error' });
      await publish({ cache, objects }, [failed]);
      assert.equal((await answerTo(cache, failed.executionKey))?.execId, failed.execId);
    },
  },
  {
    name: 'keeps a success when a failure of its key follows, and gives up a failure for a success',
    run: async ({ cache, objects }) => {
      const [failed, ok] = [outcomeOf(objects, 6, { status: 'error' }), outcomeOf(objects, 6, {})];
      for (const each of [failed, ok, failed]) await publish({ cache, objects }, [each]);
      assert.equal((await answerTo(cache, ok.executionKey))?.execId, ok.execId);
    },
  },
  {
    name: 'refuses an outcome under an older claim than that of the outcome that it has',
    run: async ({ cache, objects }) => {
      const newer = outcomeOf(objects, 8, { value: 'newer', fencing: 2 });
      const older = outcomeOf(objects, 8, { value: 'older', fencing: 1 });
      for (const each of [newer, older]) await publish({ cache, objects }, [each]);
      assert.equal((await answerTo(cache, newer.executionKey))?.execId, newer.execId);
    },
  },
];
