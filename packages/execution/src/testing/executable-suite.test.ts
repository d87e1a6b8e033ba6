import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { done, type ShellAdapter, writeShellAdapter } from '../../test/shell-adapter.ts';
import { checkExecutable, type ExecutableFinding } from './check-executable.ts';
import type { ExampleCall, ExecutableUnderTest } from './executable-probe.ts';
import { executableSuite } from './executable-suite.ts';

const EXAMPLES = join(import.meta.dirname, '../../../../examples/own-adapter/bin');
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const refusing = (rest: string): string => `case $line in
        */no-such-function*) printf '{"id":%s,"status":"failed","code":"adapter_refused"}\\n' "$id" ;;
        *) ${rest} ;;
      esac`;
const pending = `printf '{"id":%s,"status":"pending","pollAfterMs":1,"executionToken":"t"}\\n' "$id"`;
const lost = `printf '{"id":%s,"status":"failed","code":"worker_lost"}\\n' "$id"`;
const slow: ShellAdapter = {
  submit: refusing(`touch "$folder/job"; ${pending}`),
  poll: `if [ -e "$folder/job" ]; then ${done('[1.0]')}; else ${lost}; fi`,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-suite-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ['the example in Python', 'dml-stats', 'dml+exec://dml-stats/v1/mean', [[1, 2.5]]],
  ['an adapter with jobs', 'dml-slow', 'dml+exec://dml-slow/f', []],
])('%s', (_, name, functionUri, inputs) => {
  for (const { name: promise, run } of executableSuite) {
    it(`${promise} [DML-EXE-3222]`, async () => {
      writeShellAdapter(folder, 'dml-slow', slow);
      const program = join(name === 'dml-stats' ? EXAMPLES : folder, name);
      const own = mkdtempSync(join(folder, 'run-'));
      const given: ExecutableUnderTest & { example: ExampleCall } = {
        name,
        program,
        environment,
        folder: own,
        example: { functionUri, inputs },
      };
      await expect(run(given)).resolves.toBeUndefined();
    });
  }
});

/** Returns the findings about an adapter, without those that it keeps. */
async function problemsOf(adapter: ShellAdapter): Promise<Record<string, string>> {
  writeShellAdapter(folder, 'dml-bad', adapter);
  const found = await checkExecutable({
    name: 'dml-bad',
    searchPath: folder,
    environment,
    limits: { graceMs: 200, endMs: 1000, describeMs: 2000 },
    example: { functionUri: 'dml+exec://dml-bad/f', inputs: [] },
  });
  const problems = (found?.findings ?? []).filter(({ problem }) => problem !== undefined);
  return Object.fromEntries(
    problems.map(({ promise, problem }: ExecutableFinding) => [promise, `${problem}`]),
  );
}

describe('the suite', () => {
  const good: ShellAdapter = { submit: refusing(done('1')) };

  it('finds nothing against an adapter that keeps its promises', async () => {
    expect(await problemsOf(good)).toEqual({});
  });

  it.each<[string, ShellAdapter, string, RegExp]>([
    [
      'has another name',
      {
        ...good,
        describe: `printf '{"id":%s,"status":"described","schema":1,"name":"x","version":"1","protocol":1,"capabilities":{}}\\n' "$id"`,
      },
      'describes itself',
      /its name is "x"/,
    ],
    [
      'goes on without input',
      {
        submit: `${good.submit}`,
        describe: `printf '{"id":%s,"status":"described","schema":1,"name":"dml-bad","version":"1","protocol":1,"capabilities":{}}\\n' "$id"; sleep 100`,
      },
      'ends with the exit code 0',
      /it goes on/,
    ],
    [
      'has no more than one answer',
      {
        ...good,
        capabilities: '{"persistent":true}',
        before: 'exec 3</dev/null',
        describe: `printf '{"id":%s,"status":"described","schema":1,"name":"dml-bad","version":"1","protocol":1,"capabilities":{"persistent":true}}\\n' "$id"; exit 0`,
      },
      'answers one question after the other',
      /without an answer/,
    ],
    [
      'takes fewer than it says',
      {
        ...good,
        describe: `printf '{"id":%s,"status":"described","schema":1,"name":"dml-bad","version":"1","protocol":1,"capabilities":{"persistent":true,"maxCalls":2}}\\n' "$id"; read -r line`,
      },
      'answers as many questions at a time',
      /did not answer/,
    ],
    [
      'refuses what it does not know',
      {
        ...good,
        describe: `case $line in *later*) exit 4 ;; esac; printf '{"id":%s,"status":"described","schema":1,"name":"dml-bad","version":"1","protocol":1,"capabilities":{}}\\n' "$id"`,
      },
      'ignores members',
      /exit code 4/,
    ],
    ['has every function', { submit: done('1') }, 'refuses a function', /done instead of adapter_refused/],
    [
      'knows every execution',
      { ...good, poll: done('1') },
      'says of an execution',
      /done instead of worker_lost/,
    ],
    ['cancels nothing', { ...good, cancel: lost }, 'acknowledges', /"failed" instead of "cancelled"/],
  ])('finds that an adapter %s', async (_, adapter, promise, problem) => {
    const problems = await problemsOf(adapter);
    const key = Object.keys(problems).find((each) => each.startsWith(promise));
    expect(problems[key ?? ''], JSON.stringify(problems)).toMatch(problem);
  });

  it('finds that an adapter reads all of its input before it answers, and nothing else', async () => {
    const problems = await problemsOf({ ...good, before: 'cat > "/dev/null"' });
    expect(Object.values(problems)).toEqual([
      'it did not answer "describe" within 2000 ms; it has to answer a line before its input ends',
    ]);
  });

  it('finds that an execution comes to another result when it is submitted again [DML-EXE-1303]', async () => {
    const problems = await problemsOf({ submit: refusing(done("'$$'")) });
    expect(Object.keys(problems)).toEqual([
      'comes to the same result of an example when it is submitted again',
    ]);
  });

  it('has nothing to judge where there is no executable', async () => {
    expect(await checkExecutable({ name: 'dml-none', searchPath: folder, environment })).toBeUndefined();
  });
});
