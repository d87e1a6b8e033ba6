import { once } from 'node:events';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { TestRepository } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
});

describe('the dml program', () => {
  it('runs a pipeline from the shell and ends with the code of its outcome', async () => {
    expect(await repository.start(['run', 'pipelines.ts', 'sums', '--no-cache']).ended).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^2 executed, 0 cached, 0 failed in .*\ncommitted sums as [0-9a-f]{12}\n$/,
      ),
      stderr: expect.stringMatching(
        /^ {2}executed add\(1, 2\) {2}.*\n {2}executed double it: double\(three\) {2}.*\n$/,
      ),
    });
    for (const [argv, exitCode, stdout] of [
      [['cat', 'sums'], 0, '6\n'],
      [['show', 'nothing'], 3, ''],
      [['run', 'pipelines.ts', 'fails'], 7, ''],
      [['--repo', '/', 'status'], 5, ''],
    ] as const)
      expect(await repository.start(argv).ended).toMatchObject({ exitCode, stdout });
  });

  it('ends silently when its reader has gone [DML-CLI-0408]', async () => {
    await repository.define(
      'large',
      `async (dag) => dag.literal(Array.from({ length: 200_000 }, (_, i) => i))`,
    );
    const { child, ended } = repository.start(['cat', 'large']);
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    expect(await ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
  });

  it('ends a pipeline that waits for what can no longer happen [DML-CLI-0506]', async () => {
    const before = await repository.refState();
    expect(await repository.start(['run', 'pipelines.ts', 'stalls']).ended).toEqual({
      exitCode: 12,
      signal: null,
      stdout: '',
      stderr:
        'dml: the pipeline waits for something that can no longer happen\n' +
        'hint: look for a promise that nothing settles\n',
    });
    expect(await repository.refState()).toEqual(before);
  });
});
