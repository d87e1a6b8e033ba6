import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatumId } from '@daggerml/object-model';
import { parseFunctionUri } from '@daggerml/repository';
import { StoredBlob } from '@daggerml/values';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ScriptWorld } from '../../../test/script-world.ts';
import { Workspace } from '../../../test/workspace.ts';
import type { RunObjects } from '../../objects/run-objects.ts';
import { markedProcesses } from '../../process/marked-processes.ts';
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
export const hungry = () => { const all: number[][] = []; for (;;) all.push(new Array(1e6).fill(1.5)); };
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
    const manifest = readdirSync(join(import.meta.dirname, '../../../dist'));
    expect(manifest).toContain(`${name}.js`);
    const text = execFileSync('node', ['-p', `JSON.stringify(require('./package.json').bin)`], {
      cwd: join(import.meta.dirname, '../../..'),
    });
    expect(JSON.parse(String(text))).toMatchObject({ [name]: `./dist/${name}.js` });
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

  it('runs with the settings that it was given: calls at a time, variables, memory [DML-EXE-3236]', async () => {
    const settings = { maxCalls: 3, env: { COLOUR: 'red', PATH: '/nowhere' }, memoryMb: 40 };
    probe = new ExecutableProbe(executable('dml-worker', settings));
    expect((await probe.describe()).capabilities).toEqual({ persistent: true, maxCalls: 3 });
    expect(await answerTo(await functionCall('seen', []))).toMatchObject({ value: settings.env });
    expect(await answerTo(await functionCall('hungry', []))).toMatchObject({
      status: 'failed',
      code: 'worker_lost',
    });
  });

  it('gives functions no variables by default [DML-EXE-3236]', async () => {
    probe = new ExecutableProbe(executable('dml-worker'));
    expect(await answerTo(await functionCall('seen', []))).toMatchObject({ value: {} });
  });

  it('keeps no more than 256 MiB of earlier calls [DML-EXE-3237]', async () => {
    const given = executable('dml-script', { maxCalls: 1 });
    const temporary = join(given.folder, '../tmp');
    mkdirSync(temporary);
    probe = new ExecutableProbe({ ...given, environment: { ...given.environment, TMPDIR: temporary } });
    const call = await scriptCall(['head', '-c', '150000000', '/dev/urandom'], [], 'file');
    const stored = (): number =>
      Number(execFileSync('du', ['-sm', '--apparent-size', temporary], { encoding: 'utf8' }).split('\t')[0]);
    const sizes: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const answer = await answerTo(call);
      expect(answer).toMatchObject({ status: 'done', outcome: 'ok' });
      sizes.push(stored());
    }
    expect(sizes[1]).toBeGreaterThan(256);
    expect(sizes[2]).toBeLessThan(256);
    expect(sizes[3]).toBeGreaterThan(256);
  }, 120_000);
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
    let answers = '';
    starter.stdout.on('data', (bytes) => {
      answers += String(bytes);
    });
    await vi.waitFor(() => expect(answers).toContain('"text":"on\\n"'), 60_000);
    expect(living().length).toBeGreaterThan(1);
    starter.kill('SIGKILL');
    await vi.waitFor(() => expect(living()).toEqual([]), 60_000);
  },
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
  } as const;
  expect(spawnSync(given.program, options).status).toBe(0);
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
