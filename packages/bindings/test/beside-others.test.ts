import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { storePath } from '@daggerml/repository';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repository } from '../src/repository.ts';
import { Project } from './project.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const STORE = new URL('../../store/dist/index.js', import.meta.url).href;
const HOLDER = `
  import { readSync, writeSync } from 'node:fs';
  import { openStore } from ${JSON.stringify(STORE)};
  const store = await openStore(process.argv[1], { mode: 'write' });
  store.transact('hold', () => {
    writeSync(1, 'holding');
    readSync(0, Buffer.alloc(1));
  });
  await store.close();
`;

const children: ChildProcess[] = [];
let project: Project;
beforeEach(async () => {
  project = await Project.create();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Another process that is in a transaction until its input ends. */
async function holder(folder: string): Promise<ChildProcess> {
  const args = ['--input-type=module', '-e', HOLDER, storePath(folder)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('a repository beside another process', () => {
  it('tells how it waits, and ends when it has waited enough [DML-BND-0360]', async () => {
    const told: string[] = [];
    const waits = {
      lockWaitMs: 2_500,
      onWait: ({ reason, pid }: { reason: string; pid?: number }) => told.push(`${reason} ${pid}`),
      whileBlocked: () => {
        told.push('blocked');
        return () => told.push('free');
      },
    };
    const busy = { code: 'store_busy', detail: 'write_lock' };
    const open = await Repository.open(project.folder, waits);
    const other = await holder(project.folder);
    expect(() => open.store.setHead('refs/heads/other' as never)).toThrow(expect.objectContaining(busy));
    expect(told).toEqual(['blocked', `write_lock ${other.pid}`, 'free']);
    await open.close();
    other.stdin?.end();
    await once(other, 'exit');
    // An opening waits as well, without blocking the thread.
    told.length = 0;
    await project.repository.close();
    const another = await holder(project.folder);
    await expect(Repository.open(project.folder, waits)).rejects.toMatchObject(busy);
    expect(told).toEqual([`write_lock ${another.pid}`]);
    another.stdin?.end();
    await once(another, 'exit');
    await (await Repository.open(project.folder, waits)).close();
  });

  it('is opened no more when its signal is aborted [DML-BND-0361]', async () => {
    await project.repository.close();
    const other = await holder(project.folder);
    const controller = new AbortController();
    const reason = new Error('enough');
    const opened = Repository.open(project.folder, {
      signal: controller.signal,
      onWait: () => controller.abort(reason),
    });
    await expect(opened).rejects.toBe(reason);
    other.stdin?.end();
    await once(other, 'exit');
    await (await Repository.open(project.folder)).close();
  });
});
