import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

const STEPS = `export const wait = async (ms: number): Promise<number> => {
  console.log('waiting \\u001b[31m');
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ms;
};
export const fail = (n: number): number => { throw new Error('no ' + n); };
`;

interface Line {
  readonly schema: number;
  readonly type: string;
  readonly call?: string;
  readonly outcome?: string;
}

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.pipeline('waits', '(dag) => [1100, 20, 10].map((ms) => dag.call(steps.wait, ms))', {
    code: STEPS,
  });
  repository.pipeline('fails', '(dag) => dag.call(steps.fail, 3)', { code: STEPS });
});

describe('dml run --json', () => {
  it('prints each event as a line and the result as the last [DML-CLI-1970] [DML-CLI-1971]', async () => {
    const stdout = await repository.ok('run', 'waits.ts', '--json', '--no-cache');
    const lines = stdout.trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Line);
    for (const line of lines) expect(line).toMatch(/^\{"schema":1,"type":"[a-z-]+",/);
    expect(
      events
        .map(({ type }) => type)
        .filter((type) => type !== 'call-output')
        .sort(),
    ).toEqual(['result', ...Array(3).fill('call-finished'), ...Array(3).fill('call-started')].sort());
    expect(events.at(-1)).toMatchObject({ type: 'result', pipeline: 'waits', counts: { executed: 3 } });
    const ended = events.filter(({ type }) => type === 'call-finished');
    expect(ended.map(({ call }) => call).sort()).toEqual(['wait(10)', 'wait(1100)', 'wait(20)']);
    expect(events.find(({ type }) => type === 'call-output')).toMatchObject({ text: 'waiting \u001b[31m\n' });
    expect(stdout).not.toContain('\u001b');
  });

  it('prints the events of a run that fails, and its error apart', async () => {
    const { stdout, stderr, exitCode } = await repository.dml(['run', 'fails.ts', '--json']);
    expect(exitCode).toBe(7);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    expect(events.map(({ type }) => type)).toEqual(['call-started', 'call-finished']);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'dag_failed' });
  });
});

describe('dml run', () => {
  it('ends with the slowest calls where they took long [DML-CLI-1973]', async () => {
    const { stderr } = await repository.dml(['run', 'waits.ts', '--no-cache']);
    const table = stderr.slice(stderr.indexOf('  slowest'));
    expect(table).toMatch(
      /^ {2}slowest +\d+\.\d s +wait\(1100\) +[0-9a-f]{12}\n +[\d.]+ m?s +wait\(\d+\) +[0-9a-f]{12}\n +[\d.]+ m?s +wait/,
    );
    const cached = await repository.dml(['run', 'waits.ts']);
    expect(cached.stderr).not.toContain('slowest');
    const { slowest } = await repository.json<{ slowest: { call: string }[] }>(
      'run',
      'waits.ts',
      '--no-cache',
    );
    expect(slowest.map(({ call }) => call)[0]).toBe('wait(1100)');
  });

  it('writes spans to a file and to a collector [DML-CLI-1974]', async () => {
    await repository.ok('run', 'waits.ts', '--no-cache', '--otlp', 'spans.jsonl');
    const [line = ''] = readFileSync(join(repository.folder, 'spans.jsonl'), 'utf8').trimEnd().split('\n');
    expect(namesIn(line).sort()).toEqual(['run waits', 'wait', 'wait', 'wait']);

    const bodies: string[] = [];
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => response.end('{}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await repository.ok('run', 'waits.ts', '--no-cache', '--otlp', `http://127.0.0.1:${port}`);
    } finally {
      server.close();
    }
    expect(paths).toEqual(['/v1/traces']);
    expect(namesIn(bodies.join(''))).toContain('run waits');
  });

  it('only warns where spans do not arrive [DML-CLI-1975]', async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterTests('test', () => server.close());
    const { port } = server.address() as AddressInfo;
    const busy = `http://127.0.0.1:${port}`;
    for (const target of [busy, 'http://127.0.0.1:9', 'no/such/folder/spans.jsonl']) {
      const { exitCode, stderr, stdout } = await repository.dml(['run', 'waits.ts', '--otlp', target]);
      expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('waits') });
      expect(stderr).toMatch(
        /warning {2}the spans of the run did not all arrive: .*(answered 503|ECONNREFUSED|bad port|ENOENT)/,
      );
    }
  });
});

function namesIn(text: string): string[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
  );
}
