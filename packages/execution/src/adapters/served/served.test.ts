import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { afterTests } from '@daggerml/testkit';
import { StoredBlob } from '@daggerml/values';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ScriptWorld } from '../../../test/script-world.ts';
import { Workspace } from '../../../test/workspace.ts';
import type { RunObjects } from '../../objects/run-objects.ts';
import { markedProcesses } from '../../process/marked-processes.ts';
import { send } from '../../process/send-signal.ts';
import { programFile } from '../../source-file.ts';
import {
  type ExampleCall,
  ExecutableProbe,
  type ExecutableUnderTest,
} from '../../testing/executable-probe.ts';
import { executableSuite } from '../../testing/executable-suite.ts';
import { ExchangeFolder } from '../executable/exchange-folder.ts';

const STEPS = `
import { call } from '@daggerml/bindings';
export const twice = async (n: number) => (await call(subtract, n, 0)) * 2;
export const subtract = (a: number, b: number) => { console.log('a - b'); return a - b; };
export const hang = () => (console.log('on'), new Promise(() => { setInterval(() => {}, 1000); }));
export const fail = (text: string) => { throw new Error(text); };
export const seen = () => ({ ...process.env });
export const hold = (arrays: number) => Array.from({ length: arrays }, () => new Array(1e6).fill(1.5)).length;
`;

let folder: string;
let workspace: Workspace;
let scripts: ScriptWorld;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dml-served-test-'));
  workspace = await Workspace.create(STEPS);
  scripts = await ScriptWorld.create();
});
afterAll(async () => {
  await workspace.close();
  rmSync(folder, { recursive: true });
});

/** Returns an executable of the box as PATH would offer it, with an empty folder. */
function executable(name: string, settings: object = {}): Omit<ExecutableUnderTest, 'example'> {
  const own = mkdtempSync(join(folder, 'run-'));
  const program = join(own, name);
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${programFile(name)}'\n`, { mode: 0o755 });
  const exchange = join(own, 'exchange');
  mkdirSync(exchange);
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: own,
    DML_ADAPTER_SETTINGS: JSON.stringify(settings),
  };
  return { name, program, environment, folder: exchange };
}

/** Returns a call with the function in its JSON form. */
async function exampleOf(
  objects: RunObjects,
  functionUri: string,
  inputs: readonly unknown[],
): Promise<ExampleCall> {
  const { bundleDatumId } = parseFunctionUri(functionUri);
  const record = objects.readDatum(bundleDatumId);
  if (record.kind !== 'blob') throw new Error('no bundle');
  const bytes = await new StoredBlob(objects, bundleDatumId, record).bytes();
  return { functionUri, inputs, function: { $file: 'bundle' }, files: { bundle: bytes } };
}

function functionCall(name: string, inputs: readonly unknown[]): Promise<ExampleCall> {
  const run = workspace.begin();
  return exampleOf(run.open.objects, run.uriOf(name), inputs);
}

/** Returns a call of a script, captured and laid out as a question has it. */
async function scriptCall(
  command: readonly string[],
  inputs: readonly unknown[] = [],
  form: 'text' | 'file' = 'text',
): Promise<ExampleCall> {
  const { objects } = scripts.run.open;
  const values = Object.fromEntries(inputs.map((value, at) => [`in${at}`, value]));
  const { functionDatumId } = scripts.capture({ command, values, outputs: { path: '-', form } });
  const uri = objects.readDatum(functionDatumId);
  const functionUri = uri.kind === 'uri' ? uri.value : '';
  const at = mkdtempSync(join(folder, 'laid-out-'));
  const id = functionUri.split('/')[3] as DatumId;
  const [json = ''] = await new ExchangeFolder(at, objects).layOut([id], {
    subfolder: 'f',
    maxCharacters: 10_000,
  });
  return { functionUri, inputs, function: JSON.parse(json) };
}

const examples = {
  'dml-worker': () => functionCall('subtract', [7, 4]),
  'dml-script': () => scriptCall(['sh', '-c', 'echo "$DML_INPUT_in0"'], ['hello']),
};

describe.each(['dml-worker', 'dml-script'] as const)('%s as an executable', (name) => {
  for (const { name: promise, run } of executableSuite) {
    it(`${promise} [DML-EXE-3222] [DML-EXE-3231]`, async () => {
      await expect(run({ ...executable(name), example: await examples[name]() })).resolves.toBeUndefined();
    });
  }

  it('is the program that the package has under this name [DML-EXE-3231]', () => {
    const home = join(import.meta.dirname, '../../..');
    const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    expect(bin).toMatchObject({ [name]: `./dist/${name}.js` });
    // What the system reads to start it.
    const [first] = readFileSync(join(home, 'dist', `${name}.js`), 'utf8').split('\n');
    expect(first).toBe('#!/usr/bin/env node');
  });
});

/** Returns the question that asks for a call. */
function submission(at: string, { functionUri, inputs, function: value }: ExampleCall): object {
  const hash = '0'.repeat(64);
  const facts = { callNodeId: hash, executionKey: hash, attempt: 1, executionUuid: crypto.randomUUID() };
  return {
    protocol: 1,
    id: 1,
    operation: 'submit',
    folder: at,
    ...facts,
    functionUri,
    inputs,
    function: value,
  };
}

describe('an adapter in the box, asked as an executable', () => {
  let probe: ExecutableProbe;
  afterEach(async () => {
    await probe.finish();
    probe.assertSilent();
  });

  /** Returns the answer to a call under a UUID of its own. */
  const answerTo = (call: ExampleCall): ReturnType<ExecutableProbe['submit']> =>
    probe.submit(crypto.randomUUID(), call);

  it('refuses a function that is not the one of the URI, or that is not given [DML-EXE-3233]', async () => {
    probe = new ExecutableProbe(executable('dml-worker'));
    const call = await functionCall('subtract', [7, 4]);
    const wrong = { status: 'failed', code: 'adapter_refused' };
    const other = { ...call, files: { bundle: new TextEncoder().encode('export const subtract = () => 0') } };
    expect(await answerTo(other)).toMatchObject({
      ...wrong,
      reason: expect.stringContaining('another function'),
    });
    const { function: _, ...none } = call;
    expect(await answerTo(none)).toMatchObject({
      ...wrong,
      reason: expect.stringContaining('without the function'),
    });
    expect(await answerTo({ ...call, function: null })).toMatchObject(wrong);
    expect(await answerTo({ ...call, functionUri: 'dml+exec://dml-worker/subtract' })).toMatchObject(wrong);
    expect(
      await answerTo({ ...call, functionUri: call.functionUri.replace('worker', 'script') }),
    ).toMatchObject(wrong);
    expect(await answerTo({ ...call, inputs: [{ $what: 1 }] })).toMatchObject(wrong);
    expect(await answerTo(call)).toMatchObject({ status: 'done', outcome: 'ok', value: 3 });
  });

  it('refuses a function that makes calls of its own, and goes on [DML-EXE-3234]', async () => {
    probe = new ExecutableProbe(executable('dml-worker', { maxCalls: 1 }));
    const refused = {
      status: 'failed',
      code: 'adapter_refused',
      reason: expect.stringContaining('calls of its own'),
    };
    expect(await answerTo(await functionCall('twice', [1]))).toMatchObject(refused);
    expect(await answerTo(await functionCall('subtract', [7, 4]))).toMatchObject({ value: 3 });
  });

  it('runs with the settings that it was given: calls at a time, variables [DML-EXE-3236]', async () => {
    const settings = { maxCalls: 3, env: { COLOUR: 'red', PATH: '/nowhere' } };
    probe = new ExecutableProbe(executable('dml-worker', settings));
    expect((await probe.describe()).capabilities).toEqual({ persistent: true, maxCalls: 3 });
    expect(await answerTo(await functionCall('seen', []))).toMatchObject({ value: settings.env });
  });

  it.each([
    [40, { status: 'failed', code: 'worker_lost' }],
    [600, { status: 'done', value: 25 }],
    [undefined, { status: 'done', value: 25 }],
  ])('gives functions the memory that it was given: %s MB [DML-EXE-3236]', async (memoryMb, answer) => {
    probe = new ExecutableProbe(executable('dml-worker', { memoryMb }));
    // These take 200 MB.
    expect(await answerTo(await functionCall('hold', [25]))).toMatchObject(answer);
  });

  it('runs scripts with the settings that it was given: calls at a time, variables [DML-EXE-3236]', async () => {
    probe = new ExecutableProbe(executable('dml-script', { maxCalls: 3, env: { COLOUR: 'red' } }));
    expect((await probe.describe()).capabilities).toEqual({ persistent: true, maxCalls: 3 });
    const call = await scriptCall(['sh', '-c', 'echo "$COLOUR"']);
    expect(await answerTo(call)).toMatchObject({ value: 'red\n' });
  });

  it('gives functions no variables by default [DML-EXE-3236]', async () => {
    probe = new ExecutableProbe(executable('dml-worker'));
    expect(await answerTo(await functionCall('seen', []))).toMatchObject({ value: {} });
  });

  it('keeps no more than 256 MiB of earlier calls once no call runs [DML-EXE-3237]', async () => {
    const given = executable('dml-script', { maxCalls: 3 });
    const temporary = join(given.folder, '../tmp');
    mkdirSync(temporary);
    probe = new ExecutableProbe({ ...given, environment: { ...given.environment, TMPDIR: temporary } });
    const large = await scriptCall(['head', '-c', '150000000', '/dev/urandom'], [], 'file');
    const flag = join(temporary, 'flag');
    const held = await scriptCall(['sh', '-c', `until test -e '${flag}'; do sleep 0.05; done; echo on`]);
    // Files go while they are counted.
    const stored = (): number =>
      Number(spawnSync('du', ['-sm', '--apparent-size', temporary]).stdout.toString().split('\t')[0]);
    const isDone = { status: 'done', outcome: 'ok' };
    expect(await answerTo(large)).toMatchObject(isDone);
    expect(stored(), 'MiB of one call').toBeGreaterThan(100);
    const both = async (): Promise<void> => {
      for (const answer of await Promise.all([answerTo(large), answerTo(large)]))
        expect(answer).toMatchObject(isDone);
    };
    const isGone = (): Promise<void> =>
      vi.waitFor(() => expect(stored(), 'MiB when no call runs').toBeLessThan(256), 30_000);
    await both();
    await isGone();
    const last = answerTo(held);
    await both();
    expect(stored(), 'MiB while a call runs').toBeGreaterThan(256);
    writeFileSync(flag, '');
    expect(await last).toMatchObject({ ...isDone, value: 'on\n' });
    await isGone();
    expect(await answerTo(large)).toMatchObject(isDone);
  }, 180_000);
});

it.each(['dml-worker', 'dml-script'] as const)(
  '%s ends with the process that started it [DML-EXE-3240]',
  async (name) => {
    const given = executable(name);
    // Names the folders, and so all processes.
    const temporary = join(given.folder, '../tmp');
    mkdirSync(temporary);
    const call =
      name === 'dml-worker'
        ? await functionCall('hang', [])
        : await scriptCall(['sh', '-c', 'echo on >&2; sleep 1000']);
    const { files = {} } = call;
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(given.folder, file), bytes);
    const question = submission(given.folder, call);
    const starter = spawn(
      process.execPath,
      [
        '-e',
        `const child = require('node:child_process').spawn(process.argv[1], { stdio: ['pipe', 'inherit', 'inherit'] });
      child.stdin.write(process.argv[2] + '\\n'); setInterval(() => {}, 1000);`,
        given.program,
        JSON.stringify(question),
      ],
      { env: { ...given.environment, TMPDIR: temporary } },
    );
    const living = (): readonly number[] => markedProcesses([temporary]);
    afterTests('test', () => {
      starter.kill('SIGKILL');
      for (const pid of living()) send(pid, 'SIGKILL');
    });
    let answers = '';
    starter.stdout.on('data', (bytes) => {
      answers += String(bytes);
    });
    await vi.waitFor(() => expect(answers).toContain('"text":"on\\n"'), 60_000);
    expect(living().length).toBeGreaterThan(1);
    starter.kill('SIGKILL');
    await vi.waitFor(() => expect(living(), 'processes of the adapter').toEqual([]), 60_000);
  },
  150_000,
);

it.each(['dml-worker', 'dml-script'] as const)(
  '%s says what it is on a command line [DML-EXE-3241]',
  (name) => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
    const say = (...words: string[]): unknown[] => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [programFile(name), ...words], {
        encoding: 'utf8',
      });
      return [status, stdout, stderr];
    };
    const help = expect.stringContaining(`${name} is an adapter of DaggerML`);
    expect(say('--version')).toEqual([0, `${version}\n`, '']);
    expect(say('--help')).toEqual([0, help, '']);
    expect(say('run')).toEqual([
      2,
      '',
      expect.stringMatching(`^${name}: it takes no "run"\n${name} is an adapter`),
    ]);
    // What a terminal gives as its input.
    const command = `'${process.execPath}' '${programFile(name)}'`;
    const { status, stdout } = spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, help]);
  },
);

it('an adapter whose starter had ended before ends with its input [DML-EXE-3240]', async () => {
  const { pid = 0 } = spawnSync('true');
  const given = executable('dml-worker', { starterPid: pid });
  const { files = {}, ...call } = await functionCall('hang', []);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(given.folder, file), bytes);
  const question = submission(given.folder, call);
  const options = {
    env: given.environment,
    input: `${JSON.stringify(question)}\n`,
    encoding: 'utf8',
    // Ends what hangs.
    timeout: 50_000,
  } as const;
  const { status, signal, stderr } = spawnSync(given.program, options);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
});

it.each([
  ['{"maxCalls":0}', 'maxCalls'],
  ['{"workers":2}', 'workers'],
  ['[', 'no JSON'],
])('settings %s are refused by name [DML-EXE-3236]', (text, problem) => {
  const env = { PATH: process.env.PATH, DML_ADAPTER_SETTINGS: text };
  const { status, stderr } = spawnSync(process.execPath, [programFile('dml-worker')], {
    env,
    input: '',
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([1, expect.stringContaining(problem)]);
});
