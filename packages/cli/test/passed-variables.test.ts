import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.pipeline('variables', 'async (dag) => dag.call(steps.variables, 1)', {
    code: 'export const variables = (_round: number) => ({ ...process.env });',
  });
});

describe('dml run --env', () => {
  const around = { env: { TOKEN: 'secret', REGION: 'north', OTHER: 'x' } };

  it('lets functions see the variables that it names [DML-CLI-0721]', async () => {
    const ran = await repository.dml(['run', 'variables.ts', '--env', 'TOKEN,REGION'], around);
    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(await repository.ok('cat', 'variables'))).toEqual({ REGION: 'north', TOKEN: 'secret' });
    for (const names of ['MISSING', 'TOKEN,', 'a b', 'TOKEN=x']) {
      const argv = ['run', 'variables.ts', '--env', names];
      expect(await repository.refusal(2, argv, around)).toContain('--env takes names');
    }
  });

  it('says that another value is no reason to run again, and no value [DML-CLI-0722]', async () => {
    const ran = await repository.dml(['run', 'variables.ts', '--env', 'TOKEN'], {
      env: { TOKEN: 'xyzzy' },
    });
    expect(ran.stderr).toContain('functions see TOKEN; another value is no reason to run a call again');
    expect(ran.stdout).toContain('nothing changed');
    expect(ran.stderr + ran.stdout).not.toContain('xyzzy');
    const silent = await repository.dml(['run', 'variables.ts']);
    expect(silent.stderr).not.toContain('functions see');
  });
});
