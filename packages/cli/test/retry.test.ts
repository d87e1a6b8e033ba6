import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  const marker = repository.write('broken.txt', '');
  repository.pipeline('flakes', 'async (dag) => [dag.call(steps.flaky, 1), dag.call(steps.crash, 2)]', {
    code: `import { existsSync } from 'node:fs';
    const isBroken = () => existsSync(${JSON.stringify(marker)});
    export function flaky(n: number): number {
      if (isBroken()) throw new Error('broken');
      return n;
    }
    export async function crash(n: number): Promise<number> {
      if (isBroken()) throw new Error('crashed');
      return n;
    }`,
  });
  await repository.dml(['run', 'flakes.ts']);
});

describe('dml retry', () => {
  it('reports each call and how many succeeded [DML-CLI-1912] [DML-CLI-1913]', async () => {
    const failed = await repository.dml(['retry', 'flaky']);
    expect(failed.exitCode).toBe(7);
    expect(failed.stdout).toMatch(/^0 of 1 call succeeded in /);
    expect(failed.stderr).toMatch(
      /^ {2}failed {3}flaky\(1\) {2}[0-9a-f]{12} {2}function_threw: Error: broken$/m,
    );

    rmSync(join(repository.folder, 'broken.txt'));
    const mended = await repository.dml(['retry']);
    expect(mended.exitCode).toBe(0);
    expect(mended.stdout).toMatch(/^2 of 2 calls succeeded in /);
    expect(mended.stderr).toMatch(/^ {2}executed flaky\(1\) /m);
    expect(mended.stderr).toContain('the next "dml run" takes what succeeded, for flakes\n');

    expect(await repository.ok('retry')).toBe('nothing to retry: no call has a recorded failure\n');
    expect(await repository.ok('run', 'flakes.ts')).toContain('0 executed, 2 cached, 0 failed');
    expect(await repository.ok('retry', 'flakes')).toContain('no call of flakes has a recorded failure');
    const document = JSON.parse(await repository.ok('retry', '--json')) as object;
    expect(document).toMatchObject({ calls: [], counts: { executed: 0, failed: 0 } });
  });

  it('ends as an infrastructure failure where no function failed [DML-CLI-1913]', async () => {
    repository.write('broken.txt', '');
    repository.pipeline('lost', 'async (dag) => dag.call(steps.run, 1)', {
      code: `import { existsSync } from 'node:fs';
      import { TemporaryError } from '@daggerml/bindings';
      export function run(n: number): number {
        if (existsSync(${JSON.stringify(join(repository.folder, 'broken.txt'))})) throw new Error('broken');
        throw new TemporaryError('busy');
      }`,
    });
    await repository.dml(['run', 'lost.ts']);
    rmSync(join(repository.folder, 'broken.txt'));
    const { exitCode, stdout, stderr } = await repository.dml(['retry', 'lost']);
    expect([exitCode, stdout]).toEqual([8, expect.stringMatching(/^0 of 1 call succeeded/)]);
    expect(stderr).toContain('temporary_failure: TemporaryError: busy');
  });

  it('says what it takes for a name of nothing that failed', async () => {
    const stderr = await repository.refusal(3, ['retry', 'lots']);
    expect(stderr).toContain('did you mean: lost? name a function or dag that has a failure');
  });
});
