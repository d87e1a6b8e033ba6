import {
  buildTree,
  DmlError,
  type ExecutionKey,
  executionKey,
  type NodeId,
  writeBlob,
} from '@daggerml/object-model';
import { type RemoteFiles, systemRemote } from '@daggerml/remotes';
import { MemoryRemote } from '@daggerml/remotes/testing';
import { lowerValue } from '@daggerml/values';
import { afterEach, describe, expect, it } from 'vitest';
import { Workspace } from '../../test/workspace.ts';
import type { AdapterAnswer, AdapterReport, Submission } from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { remoteWorkers } from './open-workers.ts';

const parties: Workspace[] = [];
afterEach(async () => {
  for (const workspace of parties.splice(0)) await workspace.close();
});

/** Stores calls of which every fifth lacks one of a few blobs, and returns their submissions. */
function storeCalls(objects: RunObjects, count: number, blobs: number): Submission[] {
  const functionDatumId = objects.put({ type: 'datum', kind: 'uri', value: 'dml+exec://dml-own/half' });
  const lackedIds = Array.from({ length: blobs }, (_, at) =>
    objects.put(writeBlob(new Uint8Array(1_000).fill(at), objects)),
  );
  const submissions = Array.from({ length: count }, (_, at): Submission => {
    const inputDatumIds = [lowerValue(at, objects, '')];
    if (at % 5 === 0) inputDatumIds.push(lackedIds[(at / 5) % blobs] as (typeof lackedIds)[number]);
    const literals = inputDatumIds.map((datumId) => objects.put({ type: 'node', kind: 'literal', datumId }));
    const inputs = buildTree('inputs', literals, objects);
    const nodeId: NodeId = objects.put({ type: 'node', kind: 'call', functionDatumId, inputs });
    return {
      nodeId,
      functionUri: '',
      inputDatumIds,
      executionKey: executionKey(functionDatumId, inputDatumIds) as ExecutionKey,
      attempt: 1,
      timeoutMs: undefined,
      executionUuid: `${at}`.padStart(8, '0').concat('-2222-4333-8444-555555555555'),
    };
  });
  objects.store.transact('calls', (transaction) => objects.writeTo(transaction));
  objects.clear();
  return submissions;
}

describe('jobs of which some lack an input', () => {
  it('cost one try together, and one question for each thing that is not there [DML-EXE-2793]', async () => {
    const memory = new MemoryRemote();
    const files = memory.open();
    const counts = { read: 0, put: 0, asked: 0 };
    const counted: RemoteFiles = {
      ...files,
      readVersion: async (path, known) => {
        if (path === 'CURRENT.json') counts.read += 1;
        return await files.readVersion(path, known);
      },
      put: async (path, bytes) => {
        counts.put += 1;
        await files.put(path, bytes);
      },
    };
    const workspace = await Workspace.create('export const half = (n) => n / 2;');
    parties.push(workspace);
    const { open } = workspace.begin();
    const { objects } = open;
    const submissions = storeCalls(objects, 200, 4);
    // Its chunks were left out, and nobody has them.
    const getBytes = objects.getBytes.bind(objects);
    objects.getBytes = (objectClass, id) =>
      objectClass === 'chunk' ? undefined : getBytes(objectClass, id as never);
    objects.bringChunks = async ([chunkId]) => {
      counts.asked += 1;
      throw new DmlError({ code: 'object_withheld', message: `nobody has ${chunkId}` });
    };
    const reports: AdapterReport[] = [];
    const start = await remoteWorkers(systemRemote(counted, 'caller'), { owner: 'caller' });
    await new Promise<void>((resolve) => {
      const adapter = start({
        objects,
        report: (some) => {
          reports.push(...some);
          if (reports.filter(({ type }) => type === 'answered').length === 200) resolve(adapter.close());
        },
      });
      adapter.submit(submissions);
    });
    const answers = reports.flatMap((report) => (report.type === 'answered' ? [report.answer] : []));
    expect(answers.filter(({ type }) => type === 'pending')).toHaveLength(160);
    expect(answers.filter((each) => each.type === 'failed' && each.code === 'object_withheld')).toHaveLength(
      40,
    );
    // The segment and its index object.
    expect(counts).toEqual({ read: 1, put: 2, asked: 4 });
    expect(memory.paths.filter((path) => path.startsWith('exec/'))).toHaveLength(160);
  });

  it('leave their room to those that wait, also where the store lacks something', async () => {
    const workspace = await Workspace.create('export const half = (n) => n / 2;');
    parties.push(workspace);
    const { open } = workspace.begin();
    const { objects } = open;
    const submissions = storeCalls(objects, 5, 1);
    const getBytes = objects.getBytes.bind(objects);
    objects.getBytes = (objectClass, id) =>
      objectClass === 'chunk' ? undefined : getBytes(objectClass, id as never);
    const memory = new MemoryRemote();
    const answers: AdapterAnswer[] = [];
    const start = await remoteWorkers(systemRemote(memory.open(), 'caller'), { owner: 'caller', maxJobs: 1 });
    await new Promise<void>((resolve) => {
      const adapter = start({
        objects,
        report: (reports) => {
          for (const report of reports) if (report.type === 'answered') answers.push(report.answer);
          if (answers.length === 2) resolve(adapter.close());
        },
      });
      adapter.submit(submissions);
    });
    expect(answers).toMatchObject([{ type: 'failed', code: 'adapter_refused' }, { type: 'pending' }]);
  });
});
