import { beforeAll, describe, expect, it, vi } from 'vitest';
import { lastLine, TestRepository } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
});

function pipeline(body: string): string {
  repository.write(
    'odd.ts',
    `import { setTimeout as sleep } from 'node:timers/promises';
import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
export const odd = definePipeline('odd', async (dag) => {
  ${body}
});
`,
  );
  return 'odd.ts';
}

describe('a pipeline', () => {
  it.each([
    ['process.exit(0);', /^dml: odd\.ts:5: process\.exit\(0\) was called; a pipeline ends by/],
    [
      "setTimeout(() => { throw new Error('late'); }, 1); await sleep(500);",
      /^dml: odd\.ts:5: late\nhint: the pipeline itself failed/,
    ],
    [
      "void Promise.reject(new Error('left alone')); await sleep(500);",
      /^dml: odd\.ts:5: left alone\nhint: the pipeline itself failed/,
    ],
    ["void Promise.reject({ no: 'error' }); await sleep(500);", /^dml: .*no: 'error'/],
    [
      "setTimeout(() => { throw new Error('beside a call'); }, 300); return dag.call(steps.forever);",
      /dml: odd\.ts:5: beside a call\nhint: [^\n]+\n$/,
    ],
  ])('that does %s is reported as failed [DML-CLI-1205]', async (body, message) => {
    const before = await repository.refState();
    const outcome = repository.program(['run', pipeline(body)]);
    expect(outcome).toMatchObject({ status: 12, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(await repository.refState()).toMatchObject({ refs: expect.arrayContaining([...before.refs]) });
    const { status, stderr } = repository.program(['run', pipeline(body), '--json']);
    expect({ status, error: JSON.parse(stderr) }).toMatchObject({
      status: 12,
      error: { code: 'pipeline_threw' },
    });
  });

  it('that leaves timers behind does not keep the command from ending [DML-CLI-1207]', () => {
    const outcome = repository.program([
      'run',
      pipeline('setInterval(() => {}, 1_000); return dag.literal(1);'),
    ]);
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('committed odd') });
  });

  it('prints talk, whatever way it prints [DML-CLI-0413]', () => {
    const file = pipeline(
      "console.log('by console'); process.stdout.write('by itself\\n'); console.error('as an error \\u001b[31m'); process.stderr.write('by its error stream \\u001b[31m\\rrewritten'); return dag.literal(2);",
    );
    const told = repository.program(['run', file]);
    expect(told.stdout).toMatch(/^0 executed[^\n]*\ncommitted odd[^\n]*\n$/);
    expect(told.stderr).toBe(
      'by console\nby itself\nas an error \\u001b[31m\nby its error stream \\u001b[31m\nrewritten\n',
    );
    expect(repository.program(['run', file, '--quiet']).stderr).toBe('');
    const silent = repository.program(['run', file, '--json']);
    expect(silent).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(lastLine(silent.stdout))).toMatchObject({ pipeline: 'odd' });
  });

  it('is told of warnings of the runtime as of talk [DML-CLI-0465]', () => {
    const file = pipeline(
      "process.emitWarning('careful \\u001b[31m', 'OddWarning'); await sleep(1); return dag.literal(3);",
    );
    expect(repository.program(['run', file]).stderr).toBe('warning: OddWarning: careful \\u001b[31m\n');
    for (const option of ['--quiet', '--json'])
      expect(repository.program(['run', file, option])).toMatchObject({ status: 0, stderr: '' });
  });
});
