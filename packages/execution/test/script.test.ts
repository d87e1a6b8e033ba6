import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { blob, liftDatum } from '@daggerml/values';
import { describe, expect, it } from 'vitest';
import type { AdapterContext } from '../src/adapters/port.ts';
import { markedProcesses } from '../src/process/marked-processes.ts';
import type { RunNode } from '../src/run/run-node.ts';
import { readScript } from '../src/script/script.ts';
import { ScriptAdapter } from '../src/script/script-adapter.ts';
import { adapterSuite } from '../src/testing/adapter-suite.ts';
import { type ScriptCall, ScriptWorld } from './script-world.ts';

const json = { path: '-', form: 'json' } as const;

function uriOf(world: ScriptWorld, call: ScriptCall): { value: string; attachmentDatumId?: string } {
  const datum = world.run.open.objects.read('datum', world.capture(call).functionDatumId);
  return datum as never;
}

describe('a script', () => {
  it('is named by the id of its datum and its name [DML-EXE-3320]', async () => {
    const world = await ScriptWorld.create();
    const { value, attachmentDatumId } = uriOf(world, { command: ['true'] });
    expect(value).toBe(`dml+exec://dml-script/${attachmentDatumId}/it`);
  });

  it('is stored with everything that it is, and nothing else [DML-EXE-3321]', async () => {
    const world = await ScriptWorld.create();
    world.write('a.sh', 'echo', 0o755);
    const whole: ScriptCall = {
      command: ['sh', 'a.sh', { input: 'n' }],
      files: ['a.sh'],
      values: { n: 1 },
      outputs: { all: { path: 'x', form: 'folder' } },
      env: { A: 'b' },
      isSandboxed: true,
    };
    const stored = liftDatum(world.run.open.objects, uriOf(world, whole).attachmentDatumId as never);
    expect(stored).toEqual({
      schema: 1,
      command: ['sh', 'a.sh', { input: 'n' }],
      files: { 'a.sh': { content: expect.objectContaining({ sizeBytes: 4 }), executable: true } },
      inputs: ['n'],
      outputs: { all: { path: 'x', form: 'folder' } },
      env: { A: 'b' },
      sandbox: true,
    });
    const least = liftDatum(
      world.run.open.objects,
      uriOf(world, { command: 'true' }).attachmentDatumId as never,
    );
    const output = { path: '-', form: 'text' };
    expect(least).toEqual({ schema: 1, command: 'true', files: {}, inputs: [], output });
  });

  it.each([[2], [undefined], ['1']])('of the schema %s is refused [DML-EXE-3322]', async (schema) => {
    const world = await ScriptWorld.create();
    const { objects } = world.run.open;
    const node = world.value({
      command: 'true',
      files: {},
      inputs: [],
      output: json,
      ...(schema && { schema }),
    });
    expect(() => readScript(node.valueId as never, 'a URI', objects)).toThrow(
      expect.objectContaining({ code: 'adapter_unknown' }),
    );
  });

  it('stays with its files as long as its URI [DML-EXE-3323]', async () => {
    const world = await ScriptWorld.create();
    world.write('a.sh', 'echo kept');
    const node = world.call({ command: ['sh', 'a.sh'], files: ['a.sh'] });
    expect(await world.run.outcome(node)).toBe('kept\n');
    const { functionDatumId } = world.run.exec(node);
    expect(world.workspace.dangling(node.execId as never)).toEqual([]);
    const { value, attachmentDatumId } = world.run.open.objects.read('datum', functionDatumId) as never as {
      value: string;
      attachmentDatumId: string;
    };
    expect(value).toContain(attachmentDatumId);
  });

  it('keeps the mode of its files, whole folders and links [DML-EXE-3324]', async () => {
    const world = await ScriptWorld.create();
    world.write('bin/say', '#!/bin/sh\necho said', 0o755);
    world.write('bin/deep/plain', 'text');
    const command = 'bin/say; test -x bin/say && ! test -x bin/deep/plain && cat bin/deep/plain';
    expect(await world.outcome({ command, files: ['bin'] })).toBe('said\ntext');
  });

  it('is read once for all calls of a dag [DML-EXE-3325]', async () => {
    const world = await ScriptWorld.create();
    world.write('a.txt', 'one');
    const call: ScriptCall = { command: 'cat a.txt', files: ['a.txt'] };
    const before = uriOf(world, call).value;
    world.write('a.txt', 'two');
    expect(uriOf(world, call).value).toBe(before);
    world.begin();
    expect(uriOf(world, call).value).not.toBe(before);
  });

  it('starts in a folder with its files and inputs alone [DML-EXE-3335]', async () => {
    const world = await ScriptWorld.create();
    world.write('lib/a.txt', 'a');
    world.write('other.txt', 'not declared');
    const call = { command: 'find . -mindepth 1 | sort', files: ['lib'], values: { n: 1, b: blob('x') } };
    const there = './inputs\n./inputs.json\n./inputs/b\n./lib\n./lib/a.txt\n';
    expect(await world.outcome(call)).toBe(there);
    expect(await world.outcome({ command: 'ls -A' })).toBe('inputs.json\n');
  });

  it('gets inputs as text, JSON and files [DML-EXE-3330]', async () => {
    const world = await ScriptWorld.create();
    const values = {
      text: 'it\'s $HOME; \n"x"',
      none: null,
      yes: true,
      big: 2n ** 60n,
      half: 0.5,
      'file.csv': blob('a,b'),
      bytes: new Uint8Array([104, 105]),
      dir: { 'a/b.txt': blob('in a folder') },
      list: [1, 'x', { one: blob('1') }, [blob('2')]],
      map: { n: 1, of: blob('3') },
    };
    const command = `python3 - <<'END'
import json, os
inputs = json.load(open(os.environ['DML_INPUTS']))
env = {k[10:]: v for k, v in os.environ.items() if k.startswith('DML_INPUT_')}
read = lambda path: open(path).read()
print(json.dumps({'inputs': inputs, 'env': env, 'files': [read(inputs['file.csv']), read(inputs['bytes']),
  read(inputs['dir'] + '/a/b.txt'), read(inputs['list'][2] + '/one'), read(inputs['list'][3][0]), read(inputs['map']['of'])]}))
END`;
    const got = (await world.outcome({ command, values, outputs: json })) as {
      inputs: Record<string, unknown>;
      env: Record<string, string>;
      files: string[];
    };
    expect(got.inputs).toEqual({
      ...{
        text: values.text,
        none: null,
        yes: true,
        big: Number(2n ** 60n),
        half: 0.5,
      },
      ...{ 'file.csv': 'inputs/file.csv', bytes: 'inputs/bytes', dir: 'inputs/dir' },
      list: [1, 'x', 'inputs/list/2', ['inputs/list/3/0']],
      map: { n: 1, of: 'inputs/map/1' },
    });
    expect(got.files).toEqual(['a,b', 'hi', 'in a folder', '1', '2', '3']);
    expect(got.env).toMatchObject({
      ...{ text: values.text, none: 'null', yes: 'true', big: '1152921504606846976', half: '0.5' },
      ...{ file_csv: 'inputs/file.csv', bytes: 'inputs/bytes', dir: 'inputs/dir' },
      list: '[1,"x","inputs/list/2",["inputs/list/3/0"]]',
    });
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [[1, Number.NaN]]])(
    'fails for an input that is %s [DML-EXE-3331]',
    async (value) => {
      const world = await ScriptWorld.create();
      const call = { command: 'true', values: { bad: value } };
      const refusal = { class: 'deterministic', code: 'unsupported_value' };
      expect(await world.outcome(call)).toMatchObject({
        ...refusal,
        message: expect.stringContaining('"bad'),
      });
    },
  );

  it('gets copies that it cannot write, or that nobody else sees [DML-EXE-3332]', async () => {
    const world = await ScriptWorld.create();
    world.write('own.txt', 'own');
    const data = world.value(blob('data'));
    const command =
      'stat -c %a own.txt inputs/data; chmod u+w own.txt inputs/data; echo x | tee own.txt inputs/data';
    const call = { command, files: ['own.txt'], values: { data } };
    expect(await world.outcome(call)).toBe('444\n444\nx\n');
    expect(readFileSync(join(world.folder, 'own.txt'), 'utf8')).toBe('own');
    expect(await world.outcome({ command: 'cat inputs/data', values: { data } })).toBe('data');
  });

  it('sees an environment that is known [DML-EXE-3333]', async () => {
    process.env.DML_TEST_SECRET = 'secret';
    const world = await ScriptWorld.create({ env: { PASSED: 'p', OWN: 'passed' } });
    const call = { command: ['env', '-0'], env: { OWN: 'o' }, values: { n: 1 } };
    const got = ((await world.outcome(call)) as string).split('\0').filter(Boolean);
    const all = got.map((line) => line.slice(0, line.indexOf('='))).sort();
    // Node adds this to every child process whose coverage is measured.
    const names = all.filter((name) => name !== 'NODE_V8_COVERAGE');
    const known = [
      'DML_ATTEMPT',
      'DML_INPUTS',
      'DML_INPUT_n',
      'HOME',
      'LANG',
      'OWN',
      'PASSED',
      'PATH',
      'TMPDIR',
      'TZ',
    ];
    expect(names).toEqual(known);
    expect(got).toContain('OWN=o');
    expect(got).toContain(`PATH=${process.env.PATH}`);
    delete process.env.DML_TEST_SECRET;
  });

  it('has one language and time zone unless it says otherwise [DML-EXE-3334]', async () => {
    const world = await ScriptWorld.create({ env: { TZ: 'Asia/Tokyo' } });
    const command = 'echo $LANG $TZ';
    expect(await world.outcome({ command })).toBe('C.UTF-8 Asia/Tokyo\n');
    expect(await world.outcome({ command, env: { TZ: 'CET', LANG: 'C' } })).toBe('C CET\n');
    const plain = await ScriptWorld.create();
    expect(await plain.outcome({ command })).toBe('C.UTF-8 UTC\n');
  });

  it.each<[string, ScriptCall['command']]>([
    ['a word', ['echo', { input: 'long' }]],
    ['a variable that its text names', 'echo "$DML_INPUT_long"'],
  ])('fails when an input is too long for %s [DML-EXE-3336]', async (_, command) => {
    const world = await ScriptWorld.create();
    const long = 'x'.repeat(101 * 1024);
    const refusal = { code: 'unsupported_value', message: expect.stringContaining('"long" is too long') };
    expect(await world.outcome({ command, values: { long } })).toMatchObject(refusal);
    const other = { command: 'wc -c < inputs.json', values: { long } };
    expect(Number(await world.outcome(other))).toBeGreaterThan(long.length);
  });

  it('has what it prints reported, but for what is an output [DML-EXE-3340]', async () => {
    const world = await ScriptWorld.create();
    const command = "printf 'out \\377\\n'; printf err >&2";
    await world.outcome({ command, outputs: {} });
    expect([world.printed('stdout'), world.printed('stderr')]).toEqual(['out \ufffd\n', 'err']);
    world.begin();
    expect(await world.outcome({ command: 'echo kept; echo err >&2' })).toBe('kept\n');
    expect([world.printed('stdout'), world.printed('stderr')]).toEqual(['', 'err\n']);
  });

  it.skipIf(process.platform !== 'linux')('can open its output by name [DML-EXE-3354]', async () => {
    const world = await ScriptWorld.create();
    const command =
      'echo out > /dev/stdout; echo err > /dev/stderr; python3 -c \'open("/dev/stdout", "w").write("py")\'';
    expect(await world.outcome({ command })).toBe('out\npy');
    expect(world.printed('stderr')).toBe('err\n');
  });

  it('has no more than 1 MiB of each stream reported, and kept as much as it prints [DML-EXE-3341]', async () => {
    const world = await ScriptWorld.create();
    const command = 'head -c 3000000 /dev/zero | tr "\\0" x | tee /dev/stderr';
    const outputs = { path: '-', form: 'file' } as const;
    expect(await world.outcome({ command, outputs })).toMatchObject({ sizeBytes: 3_000_000 });
    const [shown, rest] = world.printed('stderr').split('\n(');
    expect(shown?.length).toBe(1024 * 1024);
    expect(rest).toBe('further output is not shown)\n');
  });
});

describe('a script that fails', () => {
  it('is recorded with how it ended and the end of its errors [DML-EXE-3338]', async () => {
    const world = await ScriptWorld.create();
    world.write(
      'a.py',
      'import sys\nprint("x" * 5000, file=sys.stderr)\nraise ValueError("no " + sys.argv[1])\n',
    );
    const node = world.call({
      command: ['python3', 'a.py', { input: 'what' }],
      files: ['a.py'],
      values: { what: 'way' },
    });
    const { message, ...failure } = (await world.run.outcome(node)) as { message: string };
    expect(failure).toEqual({ code: 'script_failed', class: 'deterministic' });
    expect(message).toMatch(/^"python3 a\.py <what>" ended with exit code 1:\n/);
    expect(message).toMatch(/ValueError: no way$/);
    expect(message).toContain('File "a.py", line 3');
    expect(message).not.toContain('dml-scripts');
    expect(message.length).toBeLessThan(2_500);
    expect(world.run.exec(node).status).toBe('error');
    expect(await world.outcome({ command: ['sh', '-c', 'kill -ABRT $$'] })).toMatchObject({
      code: 'script_failed',
      message: expect.stringContaining('ended by SIGABRT'),
    });
    const pipe = { command: 'false | cat; echo not reached' };
    expect(await world.outcome(pipe)).toMatchObject({ code: 'script_failed' });
    expect(await world.outcome({ command: 'echo $UNKNOWN' })).toMatchObject({ code: 'script_failed' });
  });

  it.each<[string, ScriptCall['command']]>([
    ['directly', ['sh', '-c', 'kill -KILL $$']],
    ['below a shell', 'sh -c "kill -TERM \\$\\$"'],
  ])('is not recorded when a signal from outside ends it %s [DML-EXE-3339]', async (_, command) => {
    const world = await ScriptWorld.create();
    const node = world.call({ command });
    expect(await world.run.outcome(node)).toMatchObject({ code: 'worker_lost', class: 'infrastructure' });
    expect(node.execId).toBeUndefined();
  });

  it.each([['no-such-program'], ['./none'], ['.'], ['/']])(
    'for there is no program "%s" is told so and not recorded [DML-EXE-3342]',
    async (name) => {
      const world = await ScriptWorld.create();
      const node = world.call({ command: [name, 'x'], options: { retries: 5 } });
      const refusal = { code: 'program_missing', class: 'infrastructure' };
      expect(await world.run.outcome(node)).toMatchObject({
        ...refusal,
        message: expect.stringContaining(`there is no program "${name}"`),
      });
      expect(node.execId).toBeUndefined();
      expect(world.workspace.eventTypes).not.toContain('call-retried');
    },
  );

  it.each<[string, ScriptCall, string, string]>([
    [
      'an interpreter that is not there',
      { command: ['./a'], files: ['a'] },
      'program_missing',
      'an interpreter',
    ],
    [
      'too long together',
      { command: ['true', ...Array.from({ length: 40 }, () => 'x'.repeat(99_000))] },
      'limit_exceeded',
      'too long together',
    ],
    [
      'a NUL in a word',
      { command: ['echo', { input: 'n' }], values: { n: 'a\0b' } },
      'unsupported_value',
      'NUL',
    ],
  ])('for it cannot be started is told so: %s', async (_, call, code, message) => {
    const world = await ScriptWorld.create();
    world.write('a', '#!/no/such/interpreter\n', 0o755);
    expect(await world.outcome(call)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('for its time is over is stopped with what it started [DML-EXE-3337]', async () => {
    const world = await ScriptWorld.create();
    const mark = randomUUID();
    const call = {
      command: 'setsid sleep 1000 & sleep 1000',
      env: { MARK: mark },
      options: { timeoutMs: 500 },
    };
    const node = world.call(call);
    expect(await world.run.outcome(node)).toMatchObject({ code: 'timeout', class: 'infrastructure' });
    expect(node.execId).toBeUndefined();
    expect(markedProcesses([mark])).toEqual([]);
  });

  it('for the run is cancelled is stopped', async () => {
    const world = await ScriptWorld.create();
    const node = world.call({ command: 'pwd >&2; sleep 1000' });
    while (!world.printed('stderr').includes('\n')) await pause(5);
    world.run.open.cancel('enough');
    expect(await world.run.outcome(node)).toMatchObject({ code: 'cancelled' });
    await world.run.open.close();
    expect(existsSync(dirname(dirname(world.printed('stderr').trim())))).toBe(false);
  });

  it('leaves no folder, as one that ends well does not [DML-EXE-3343]', async () => {
    const world = await ScriptWorld.create();
    const folders = await Promise.all(
      ['mkdir a; touch a/b; chmod a-w a; pwd', 'pwd >&2; exit 1'].map((command) =>
        world.outcome({ command }),
      ),
    );
    expect(folders[0]).toMatch(/\/work\n$/);
    const [first, second] = [folders[0] as string, world.printed('stderr')].map((text) => text.trim());
    expect(basename(second as string)).toBe('work');
    expect([existsSync(first as string), existsSync(second as string)]).toEqual([false, false]);
    await world.run.open.close();
    expect(existsSync(join(first as string, '../..'))).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')('for its memory is stopped [DML-EXE-3348]', async () => {
    const world = await ScriptWorld.create();
    const child = 'import time; x = bytearray(200 << 20); time.sleep(1000)';
    const command = ['sh', '-c', `python3 -c '${child}'; exit 1`];
    const node = world.call({ command, limits: { maxMemoryMb: 100 } });
    expect(await world.run.outcome(node)).toMatchObject({ code: 'limit_exceeded', class: 'infrastructure' });
    expect(node.execId).toBeUndefined();
    expect(await world.outcome({ command: 'echo small', limits: { maxMemoryMb: 100 } })).toBe('small\n');
  });
});

describe('scripts', () => {
  it('run as many at a time as there are workers [DML-EXE-3349]', async () => {
    const world = await ScriptWorld.create({ size: 2 });
    const log = join(world.folder, 'log');
    const nodes: RunNode[] = [0, 1, 2, 3, 4].map((value) =>
      world.call({
        command: `echo + >> ${log}; while [ $(grep -c + ${log}) -lt 2 ]; do sleep 0.01; done; echo - >> ${log}`,
        values: { value },
      }),
    );
    await Promise.all(nodes.map((node) => world.run.outcome(node)));
    let running = 0;
    const counts = readFileSync(log, 'utf8')
      .split('\n')
      .map((sign) => (running += sign === '+' ? 1 : sign === '-' ? -1 : 0));
    expect(Math.max(...counts)).toBe(2);
  });

  it('have receipts that say what ran them [DML-EXE-3353]', async () => {
    const world = await ScriptWorld.create();
    const receiptOf = async (call: ScriptCall): Promise<unknown> => {
      const node = world.call(call);
      await world.run.outcome(node);
      return liftDatum(world.run.open.objects, world.run.exec(node).receiptDatumId as never);
    };
    const script = { adapter: 'dml-script', backend: 'process', attempt: 1 };
    const runtime = expect.stringMatching(/^bash \d+\.\d+/);
    expect(await receiptOf({ command: 'exit 1' })).toMatchObject({ ...script, runtime });
    expect(await receiptOf({ command: ['true'] })).toMatchObject({ ...script, runtime: 'true' });
  });

  it('name the memory and time that their processes used together [DML-EXE-3724] [DML-EXE-3725]', async () => {
    const world = await ScriptWorld.create();
    const [ready, go] = [join(world.folder, 'ready'), join(world.folder, 'go')];
    const work = 'import time\nwhile time.process_time() < 0.3: pass';
    const hold = (rest: string): string => `import time; held = bytearray(60 << 20); ${rest}`;
    world.write('work.py', work);
    world.write('hold.py', hold(`open('${ready}', 'a').write('+'); time.sleep(1000)`));
    const command = `python3 work.py; python3 hold.py & python3 hold.py & while [ ! -e ${go} ]; do sleep 0.01; done; kill %1 %2`;
    const receiptOf = (node: RunNode): unknown =>
      liftDatum(world.run.open.objects, world.run.exec(node).receiptDatumId as never);
    for (const exitCode of [0, 1]) {
      const node = world.call({ command: `${command}; exit ${exitCode}`, files: ['work.py', 'hold.py'] });
      const outcome = world.run.outcome(node);
      while (!existsSync(ready) || readFileSync(ready, 'utf8') !== '++') await pause(10);
      // A pause between two looks is shorter, and both are timers of this thread.
      await pause(600);
      world.write('go', '');
      await outcome;
      const { cpuMs, peakMemoryBytes } = receiptOf(node) as { cpuMs: number; peakMemoryBytes: number };
      expect(cpuMs).toBeGreaterThanOrEqual(290);
      expect(Number.isInteger(cpuMs)).toBe(true);
      expect(peakMemoryBytes).toBeGreaterThan(120 << 20);
      expect(peakMemoryBytes).toBeLessThan(400 << 20);
      for (const path of [ready, go]) rmSync(path);
    }
  });

  it('that are the same are not run again, in another run', async () => {
    const world = await ScriptWorld.create();
    world.write('a.sh', 'echo $RANDOM $$ $(date +%N)');
    const call = { command: ['bash', 'a.sh'], files: ['a.sh'] };
    const first = await world.outcome(call);
    world.begin();
    world.write('a.sh', 'echo $RANDOM $$ $(date +%N)');
    expect(await world.outcome(call)).toBe(first);
  });
});

describe('the adapter of scripts', () => {
  const commands: Readonly<Record<string, ScriptCall>> = {
    subtract: { command: 'echo $((DML_INPUT_a - DML_INPUT_b))', values: { a: 0, b: 0 }, outputs: json },
    fail: { command: 'echo "$DML_INPUT_text" >&2; false', values: { text: '' } },
    wait: { command: 'sleep 1000' },
  };
  for (const { name, run } of adapterSuite) {
    it(`${name} [DML-EXE-1311]`, { timeout: 60_000 }, async () => {
      const world = await ScriptWorld.create();
      const { objects } = world.run.open;
      const uriIn = (called: string): string => uriOf(world, commands[called] as ScriptCall).value;
      const start = (context: AdapterContext): ScriptAdapter => new ScriptAdapter(context, { size: 2 });
      const failureCode = 'script_failed';
      await expect(run({ start, objects, uriOf: uriIn, failureCode })).resolves.toBeUndefined();
    });
  }
});
