import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatumId, NodeId } from '@daggerml/object-model';
import { blob, liftDatum } from '@daggerml/values';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { done, type ShellAdapter, writeShellAdapter } from '../../../test/shell-adapter.ts';
import { type TestRun, Workspace } from '../../../test/workspace.ts';
import { adapterSuite } from '../../testing/adapter-suite.ts';
import type { AdapterContext, AdapterReport, Poll } from '../port.ts';
import { ExecutableAdapter } from './executable-adapter.ts';

/** An adapter in the language of the tests, whose functions are those that the suite asks for. */
const SOURCE = `#!${process.execPath}
const { createInterface } = require('node:readline');
const answer = (question, more) => process.stdout.write(JSON.stringify({ id: question.id, ...more }) + '\\n');
const submit = (question) => {
  const [a, b] = question.inputs;
  switch (question.functionUri.split('/').at(-1)) {
    case 'subtract': return answer(question, { status: 'done', outcome: 'ok', value: a - b });
    case 'fail': return answer(question, { status: 'done', outcome: 'error', error: { message: 'Error: ' + a } });
    case 'wait': return void setInterval(() => {}, 1000);
    default: return answer(question, { status: 'failed', code: 'adapter_refused' });
  }
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const question = JSON.parse(line);
  switch (question.operation) {
    case 'describe':
      return answer(question, {
        status: 'described', schema: 1, name: 'dml-stays', version: '1', protocol: 1,
        capabilities: { persistent: true, maxCalls: 50 },
      });
    case 'submit': return submit(question);
    case 'cancel': return answer(question, { status: 'cancelled' });
    default: return answer(question, { status: 'failed', code: 'worker_lost' });
  }
}).on('close', () => process.exit(0));
`;

/** The same, with a process for each question. */
const ONCE: ShellAdapter = {
  submit: `inputs=\${line#*\\"inputs\\":[}; inputs=\${inputs%%]*}; a=\${inputs%%,*}; b=\${inputs#*,}
      case $line in
        */subtract\\"*) printf '{"id":%s,"status":"done","outcome":"ok","value":%s}\\n' "$id" $((a - b)) ;;
        */fail\\"*) printf '{"id":%s,"status":"done","outcome":"error","error":{"message":%s}}\\n' "$id" "$a" ;;
        */wait\\"*) sleep 1000 ;;
      esac`,
};

let workspace: Workspace;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dml-executable-'));
  writeFileSync(join(folder, 'dml-stays'), SOURCE);
  chmodSync(join(folder, 'dml-stays'), 0o755);
  writeShellAdapter(folder, 'dml-once', ONCE);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => workspace.close());

const environment = { PATH: '/usr/bin:/bin' };

describe.each([
  ['with processes that stay', 'dml-stays'],
  ['with a process for each question', 'dml-once'],
])('an executable adapter %s', (_, name) => {
  for (const { name: promise, run } of adapterSuite) {
    it(`${promise} [DML-EXE-1311]`, async () => {
      workspace = await Workspace.create('');
      const { objects } = workspace.begin().open;
      const options = { name, searchPath: folder, environment, size: 4 };
      const start = (context: AdapterContext): ExecutableAdapter => new ExecutableAdapter(context, options);
      const uriOf = (exported: string): string => `dml+exec://${name}/${exported}`;
      await expect(run({ start, objects, uriOf })).resolves.toBeUndefined();
    });
  }
});

/** Begins a run with an adapter, which writes what it is asked to \`asked\` in its folder. */
async function begin(adapter: ShellAdapter, size = 2): Promise<{ run: TestRun; asked: () => string[] }> {
  const before = `exec 3>>${folder}/asked`;
  const noting = (commands: string): string => `printf '%s\\n' "$line" >&3; ${commands}`;
  writeShellAdapter(folder, 'dml-one', {
    ...adapter,
    before: `${before}; ${adapter.before ?? ''}`,
    submit: noting(adapter.submit),
    poll: noting(adapter.poll ?? ':'),
    cancel: noting(adapter.cancel ?? `printf '{"id":%s,"status":"cancelled"}\\n' "$id"`),
  });
  writeFileSync(join(folder, 'asked'), '');
  workspace = await Workspace.create('', {
    size,
    executables: { searchPath: folder, environment, limits: { lineBytes: 10_000, graceMs: 300 } },
  });
  const asked = (): string[] => readFileSync(join(folder, 'asked'), 'utf8').split('\n').filter(Boolean);
  return { run: workspace.begin(), asked };
}

const URI = 'dml+exec://dml-one/f';
const pending = (token: string, pollAfterMs = 1): string =>
  `printf '{"id":%s,"status":"pending","pollAfterMs":${pollAfterMs},"executionToken":"%s"}\\n' "$id" '${token}'`;

describe('a call of an executable adapter', () => {
  it('is polled with the token as the adapter gave it [DML-EXE-1302]', async () => {
    const token = 'a/b?c=%41 \\u00e9 {}[]';
    const { run, asked } = await begin({ submit: pending(token), poll: done('1') });
    expect(await run.outcome(run.askUri(URI, []))).toBe(1);
    const [submission, poll] = asked().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(poll).toMatchObject({ operation: 'poll', executionToken: 'a/b?c=%41 é {}[]' });
    expect(poll?.executionUuid).toBe(submission?.executionUuid);
  });

  it('keeps its execution UUID when it is attempted again [DML-EXE-3215]', async () => {
    const submit = `if [ -e ${folder}/again ]; then ${done('1')}; else touch ${folder}/again; exit 1; fi`;
    const { run, asked } = await begin({ submit });
    expect(await run.outcome(run.askUri(URI, []))).toBe(1);
    const questions = asked().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(questions.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(questions.map(({ executionUuid }) => executionUuid)).size).toBe(1);
  });

  it.each([
    ['unreachable', 1],
    ['worker_lost', 2],
  ])('has a new execution UUID after the code %s or not [DML-EXE-3226]', async (code, uuids) => {
    const again = `${folder}/again-${code}`;
    const failed = `printf '{"id":%s,"status":"failed","code":"${code}"}\\n' "$id"`;
    const { run, asked } = await begin({
      submit: `if [ -e ${again} ]; then ${done('1')}; else touch ${again}; ${failed}; fi`,
    });
    expect(await run.outcome(run.askUri(URI, []))).toBe(1);
    const questions = asked().map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(questions).toHaveLength(2);
    expect(new Set(questions.map(({ executionUuid }) => executionUuid)).size).toBe(uuids);
  });

  it('that another process has submitted is polled by its UUID and token [DML-EXE-3225]', async () => {
    const { run, asked } = await begin({ submit: ':', poll: done('[1,2]') });
    const reports: AdapterReport[] = [];
    const { objects } = run.open;
    const adapter = new ExecutableAdapter(
      { objects, report: (news) => reports.push(...news) },
      { name: 'dml-one', searchPath: folder, environment, size: 1 },
    );
    const nodeId = 'ab'.repeat(32) as NodeId;
    const executionUuid = randomUUID();
    adapter.poll([{ nodeId, functionUri: URI, token: 'job 9', executionUuid }]);
    await until(() => reports.length > 0);
    await adapter.close();
    expect(reports).toMatchObject([{ nodeId, answer: { type: 'done', outcome: 'ok' } }]);
    expect(operations(asked())).toMatchObject([
      { operation: 'poll', executionUuid, executionToken: 'job 9' },
    ]);
  });

  it.each([
    ['unreachable', 3],
    ['worker_lost', 3],
    ['adapter_refused', 1],
  ])('is attempted again or not as the code %s says [DML-EXE-3205]', async (code, attempts) => {
    const answer = `{"id":%s,"status":"failed","code":"${code}","reason":"not today"}`;
    const { run, asked } = await begin({ submit: `printf '${answer}\\n' "$id"` });
    const message = 'the adapter "dml-one" says: not today';
    expect(await run.outcome(run.askUri(URI, []))).toEqual({ class: 'infrastructure', code, message });
    expect(asked()).toHaveLength(attempts);
  });

  it('that takes too long is attempted again where that is asked for [DML-EXE-3205]', async () => {
    const submit = `printf '{"id":%s,"status":"failed","code":"timeout"}\\n' "$id"`;
    const { run, asked } = await begin({ submit });
    expect(await run.outcome(run.askUri(URI, [1]))).toMatchObject({ code: 'timeout' });
    expect(await run.outcome(run.askUri(URI, [2], { retries: 1 }))).toMatchObject({ code: 'timeout' });
    expect(asked()).toHaveLength(3);
  });

  it('reports what the adapter says that it printed [DML-EXE-3207]', async () => {
    const output = (stream: string, text: string): string =>
      `printf '{"id":%s,"status":"output","stream":"${stream}","text":"${text}"}\\n' "$id"`;
    const { run } = await begin({
      submit: `${output('stdout', 'one')}; ${output('stderr', 'two')}; ${done('1')}`,
    });
    const node = run.askUri(URI, [], { label: 'mine' });
    expect(await run.outcome(node)).toBe(1);
    const { nodeId } = node;
    expect(workspace.events.filter(({ type }) => type === 'call-output')).toMatchObject([
      { nodeId, stream: 'stdout', text: 'one' },
      { nodeId, stream: 'stderr', text: 'two' },
    ]);
  });

  it('reports what was printed of the question that is named, of several that are open [DML-EXE-3207]', async () => {
    const output = `'{"id":%s,"status":"output","stream":"stdout","text":"of %s"}\\n'`;
    const submit = `input=\${line#*\\"inputs\\":[}; input=\${input%%]*}
      if [ -z "$first" ]; then first=$id; of=$input; else
        printf ${output} "$first" "$of"; printf ${output} "$id" "$input"
        ${done('1')}; id=$first; ${done('2')}
      fi`;
    const { run } = await begin({ submit, capabilities: '{"persistent":true,"maxCalls":2}' }, 1);
    const nodes = [10, 20].map((input) => run.askUri(URI, [input]));
    for (const node of nodes) await run.outcome(node);
    const printed = workspace.events.flatMap((event) =>
      event.type === 'call-output' ? [[event.nodeId, event.text]] : [],
    );
    expect(printed.sort()).toEqual(nodes.map(({ nodeId }, at) => [nodeId, `of ${at + 1}0`]).sort());
  });

  it('that fails is recorded with message and trace, without the place of its folder [DML-EXE-3219]', async () => {
    const submit = `printf '{"id":%s,"status":"done","outcome":"error","error":{"message":"no %s","trace":["at %s/a:1"]}}\\n' "$id" "$folder" "$folder"`;
    const { run } = await begin({ submit });
    const node = run.askUri(URI, []);
    expect(await run.outcome(node)).toEqual({
      class: 'deterministic',
      code: 'function_threw',
      message: 'no <folder>',
    });
    expect(node.failure?.trace).toEqual(['at <folder>/a:1']);
    expect(run.exec(node).status).toBe('error');
  });

  it('that gives a value without a datum is recorded as a failure of the function [DML-EXE-3218]', async () => {
    const { run } = await begin({ submit: done('[1,9223372036854775808]') });
    const node = run.askUri(URI, []);
    const message = expect.stringContaining('the result[1]') as string;
    expect(await run.outcome(node)).toEqual({ class: 'deterministic', code: 'unsupported_value', message });
    expect(run.exec(node).status).toBe('error');
  });

  it('has blobs as files of its folder, which is gone in the end [DML-EXE-3202] [DML-EXE-3220]', async () => {
    const submit = `mkdir "$folder/out"; cat "$folder/inputs/0" "$folder/inputs/1" > "$folder/out/both"
      ${done('[{"$file":"out/both"},{"$file":"inputs/0"}]')}`;
    const { run, asked } = await begin({ submit });
    const value = { a: blob('one,'), b: [blob('two'), blob('one,')] };
    const [both, first] = (await run.outcome(run.askUri(URI, [value]))) as { text(): Promise<string> }[];
    expect([await both?.text(), await first?.text()]).toEqual(['one,two', 'one,']);
    const { folder: own, inputs } = JSON.parse(asked()[0] as string) as { folder: string; inputs: unknown[] };
    const file = (at: number, sizeBytes: number): object => {
      return {
        $file: `${own}/inputs/${at}`,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        sizeBytes,
      };
    };
    expect(inputs).toEqual([{ a: file(0, 4), b: [file(1, 3), file(0, 4)] }]);
    await workspace.executor.close();
    expect(existsSync(own)).toBe(false);
  });

  it('has a folder that goes with its own call, whatever becomes of another one [DML-EXE-3220]', async () => {
    const poll = `case $line in *'"job 1"'*) ${pending('job 1')} ;; *) ${done('1')} ;; esac`;
    const cancel = `until [ -e ${folder}/released ]; do sleep 0.02; done
      printf '{"id":%s,"status":"cancelled"}\\n' "$id"`;
    const { run, asked } = await begin({ submit: ':', poll, cancel });
    const reports: AdapterReport[] = [];
    const { objects } = run.open;
    const adapter = new ExecutableAdapter(
      { objects, report: (news) => reports.push(...news) },
      { name: 'dml-one', searchPath: folder, environment, size: 2 },
    );
    const pollOf = (token: string, digit: string): Poll => {
      const nodeId = digit.repeat(64) as NodeId;
      return { nodeId, functionUri: URI, token, executionUuid: randomUUID() };
    };
    const [first, second] = [pollOf('job 1', '1'), pollOf('job 2', '2')];
    adapter.poll([first]);
    await until(() => reports.length === 1);
    adapter.stop(first.nodeId);
    adapter.poll([second]);
    await until(() => reports.length === 2);
    expect(reports[1]).toMatchObject({ nodeId: second.nodeId, answer: { type: 'done' } });
    const { folder: own } = asked()
      .map((line) => JSON.parse(line) as { executionUuid: string; folder: string })
      .find(({ executionUuid }) => executionUuid === second.executionUuid) as { folder: string };
    await until(() => !existsSync(own));
    writeFileSync(join(folder, 'released'), '');
    await adapter.close();
  });

  it('keeps the kinds of numbers [DML-EXE-3201]', async () => {
    const { run } = await begin({ submit: done('[2, 2.0, 9007199254740993]') });
    const [whole, float, large] = (await run.outcome(run.askUri(URI, []))) as unknown[];
    expect([whole, float, large]).toEqual([2, 2, 9007199254740993n]);
    const same = run.literal([2, 2, 9007199254740993n]);
    expect(run.open.run.valueOf(run.askUri(URI, []))).not.toBe(same.valueId);
  });

  const usage = '"usage":{"cpuMs":7,"peakMemoryBytes":4096}';
  it.each([
    ['of a value', `"outcome":"ok","value":1,${usage}`, { cpuMs: 7, peakMemoryBytes: 4096 }],
    [
      'of a failure',
      `"outcome":"error","error":{"message":"no"},${usage}`,
      { cpuMs: 7, peakMemoryBytes: 4096 },
    ],
    ['without resources', '"outcome":"ok","value":1', {}],
    ['of a value without a datum', `"outcome":"ok","value":9223372036854775808`, {}],
  ])(
    'has a receipt of executable, version and resources: %s [DML-EXE-3224] [DML-EXE-3238]',
    async (_, answer, used) => {
      const submit = `printf '{"id":%s,"status":"done",%s}\\n' "$id" '${answer}'`;
      const { run } = await begin({ submit });
      const node = run.askUri(URI, []);
      await run.outcome(node);
      const receipt = liftDatum(run.open.objects, run.exec(node).receiptDatumId as DatumId);
      const { adapter, backend, runtime, cpuMs, peakMemoryBytes } = receipt as Record<string, unknown>;
      expect({ adapter, backend, runtime, cpuMs, peakMemoryBytes }).toEqual({
        adapter: 'dml-one',
        backend: 'executable',
        runtime: 'dml-one 1',
        ...used,
      });
    },
  );

  it('whose inputs are too long for a line is refused with advice [DML-EXE-3216]', async () => {
    const { run, asked } = await begin({ submit: done('1') });
    expect(await run.outcome(run.askUri(URI, ['x'.repeat(20_000)]))).toEqual({
      class: 'infrastructure',
      code: 'adapter_refused',
      message:
        'the adapter "dml-one" cannot take inputs of more than 10000 bytes as JSON; pass them as a blob',
    });
    // Each would fit.
    const half = 'x'.repeat(6_000);
    expect(await run.outcome(run.askUri(URI, [half]))).toBe(1);
    expect(await run.outcome(run.askUri(URI, [half, half]))).toMatchObject({ code: 'adapter_refused' });
    expect(asked()).toHaveLength(1);
  });

  it('that is not described by its name in PATH is refused for good [DML-EXE-1308]', async () => {
    const { run } = await begin({ submit: done('1') });
    expect(await run.outcome(run.askUri('dml+exec://dml-other/f', []))).toEqual({
      class: 'infrastructure',
      code: 'adapter_unknown',
      message: expect.stringMatching(/^the adapter "dml-other" is not installed/) as string,
    });
    expect(workspace.eventTypes).not.toContain('call-retried');
  });
});

/** Waits until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function operations(asked: readonly string[]): Record<string, unknown>[] {
  return asked.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the processes of an executable adapter', () => {
  it('stay where it is persistent, and take as many questions as it says [DML-EXE-3212]', async () => {
    // It answers two at a time, once no third one comes.
    const submit = `if [ "$first" = "" ]; then first=$id; else second=$id
      third=$(timeout 0.3 head -c 1); pid=$$$third
      id=$first; ${done("'$pid'")}; id=$second; ${done("'$pid'")}; first=
      fi`;
    const { run } = await begin({ submit, capabilities: '{"persistent":true,"maxCalls":2}' }, 1);
    const nodes = [1, 2, 3, 4, 5, 6].map((input) => run.askUri(URI, [input]));
    const pids = await Promise.all(nodes.map((node) => run.outcome(node)));
    expect(pids).toEqual(Array(6).fill(pids[0]));
    expect(pids[0]).toBeGreaterThan(1);
  });

  it('are new for each question where it is not persistent [DML-EXE-3212]', async () => {
    const { run } = await begin({ submit: done("'$$'") });
    const pids = [];
    for (const input of [1, 2, 3]) pids.push(await run.outcome(run.askUri(URI, [input])));
    expect(new Set(pids).size).toBe(3);
  });

  it('are not charged to a call that another one may have ended them under [DML-EXE-3210]', async () => {
    const submit = `case $line in
      *bad*) sleep 0.1; kill -9 $$ ;;
      *) (sleep 0.5; ${done('1')}) & ;;
      esac`;
    const { run } = await begin({ submit, capabilities: '{"persistent":true,"maxCalls":3}' });
    const nodes = ['good', 'fine', 'bad'].map((input) => run.askUri(URI, [input], { retries: 0 }));
    const outcomes = await Promise.all(nodes.map((node) => run.outcome(node)));
    expect(outcomes).toEqual([1, 1, expect.objectContaining({ code: 'worker_lost' })]);
  });

  it('are asked to cancel what a token is known of [DML-EXE-3213]', async () => {
    const { run, asked } = await begin({ submit: pending('job 7'), poll: pending('job 7') });
    run.askUri(URI, []);
    await until(() => asked().length >= 3);
    await workspace.executor.close();
    const [submitted, ...others] = operations(asked());
    const { executionUuid } = submitted as { executionUuid: string };
    expect(others.at(-1)).toMatchObject({ operation: 'cancel', executionUuid, executionToken: 'job 7' });
  });

  it.each([
    ['are asked to cancel what they work on', undefined],
    ['are ended where they do not give up what is cancelled', ':'],
  ])('%s [DML-EXE-3213]', async (_, cancel) => {
    const capabilities = '{"persistent":true,"maxCalls":5}';
    const submit = `echo $$ >> ${folder}/pids`;
    const { run, asked } = await begin({ submit, capabilities, ...(cancel && { cancel }) }, 1);
    run.askUri(URI, []);
    await until(() => asked().length === 1);
    await workspace.executor.close();
    expect(operations(asked()).at(-1)).toMatchObject({ operation: 'cancel' });
    const pid = Number(readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n').at(-1));
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('are those of one executable in a run, whatever PATH offers later [DML-EXE-1401]', async () => {
    const first = join(folder, 'first');
    writeShellAdapter(folder, 'dml-moved', { submit: done('"one"') });
    workspace = await Workspace.create('', {
      executables: { searchPath: `${first}:${folder}`, environment },
    });
    const run = workspace.begin();
    const uri = 'dml+exec://dml-moved/f';
    expect(await run.outcome(run.askUri(uri, [1]))).toBe('one');
    writeShellAdapter(first, 'dml-moved', { submit: done('"two"') });
    expect(await run.outcome(run.askUri(uri, [2]))).toBe('one');
    const later = workspace.begin();
    expect(await later.outcome(later.askUri(uri, [3]))).toBe('two');
    rmSync(first, { recursive: true });
  });

  it('are started without a shell, which would read the place of the executable [DML-EXE-1403]', async () => {
    const odd = join(folder, 'a b;touch ran $(touch ran)');
    writeShellAdapter(odd, 'dml-odd', {
      submit: `printf '{"id":%s,"status":"done","outcome":"ok","value":%s}\\n' "$id" $#`,
    });
    workspace = await Workspace.create('', { executables: { searchPath: odd, environment } });
    const run = workspace.begin();
    expect(await run.outcome(run.askUri('dml+exec://dml-odd/f', [1]))).toBe(0);
  });
});
