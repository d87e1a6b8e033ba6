import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { file, input, json, output, text } from '@daggerml/capture';
import type { OpenRun } from '@daggerml/execution';
import type { DatumId } from '@daggerml/object-model';
import { type BlobHandle, blob, liftDatum } from '@daggerml/values';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Dag } from '../src/dag.ts';
import type { NodeHandle } from '../src/node-handle.ts';
import { Project } from './project.ts';

let project: Project;
let dag: Dag;
beforeAll(async () => {
  project = await Project.create();
  dag = project.repository.newDag('scripts', { folder: project.folder });
  writeFileSync(
    join(project.folder, 'upper.py'),
    'import sys; print(open(sys.argv[1]).read().upper(), end="")',
  );
  mkdirSync(join(project.folder, 'lib'));
  writeFileSync(join(project.folder, 'lib/words.txt'), 'from the library\n');
});

/** Returns the script that a handle of a dag is a call of. */
function scriptOf(of: Dag, { nodeId }: NodeHandle): { sandbox?: boolean } {
  // The published types do not have it.
  const { objects } = (of as unknown as { readonly open: OpenRun }).open;
  const { functionDatumId } = objects.read('node', nodeId) as { functionDatumId: DatumId };
  const uri = objects.read('datum', functionDatumId) as { attachmentDatumId: DatumId };
  return liftDatum(objects, uri.attachmentDatumId) as { sandbox?: boolean };
}

const words = async (handle: NodeHandle<BlobHandle>): Promise<string> => (await handle.value()).text();

describe('Dag.run', () => {
  it('runs a text for a shell with its parts as inputs [DML-BND-1770]', async () => {
    const data = await dag.blob('b\na\n');
    const sorted = dag.run`
      sort ${data} \
        | sed s/^/${'> '}/
      printf '%s\n' "\${DML_INPUT_input1}" \`echo x\`
    `;
    expect(await words(sorted)).toBe('> a\n> b\ninputs/input1\nx\n');
    expect(dag.describeCall(sorted.nodeId).text).toMatch(/^sort\(blob of 4 B \(\w+\), "> "\)$/);
    const again = dag.run`
sort ${data} \
  | sed s/^/${'> '}/
printf '%s\n' "\${DML_INPUT_input1}" \`echo x\``;
    expect(again.nodeId).toBe(sorted.nodeId);
  });

  it('takes files, named inputs and outputs where they are', async () => {
    const data = dag.literal(await dag.blob('text'));
    const made = dag.run`python3 ${file('upper.py')} ${input('in.txt', data)} > ${output('out/up.txt')} || mkdir out
      python3 upper.py inputs/in.txt > out/up.txt; cat ${file('lib')}/words.txt >> ${output('out/up.txt')}`;
    expect(await words(made as NodeHandle<BlobHandle>)).toBe('TEXTfrom the library\n');
    expect(dag.describeCall(made.nodeId).text).toMatch(/^upper\(/);
  });

  it('gives one handle that is used twice as one input', async () => {
    const data = await dag.blob('x');
    const twice = dag.run`cat ${data} ${data}`;
    expect([await words(twice), dag.describeCall(twice.nodeId).inputs.length]).toEqual(['xx', 1]);
  });

  it.each([[undefined], ['ls'], [null]])('is refused as a function of %s [DML-BND-1774]', (given) => {
    expect(() => (dag.run as (given: unknown) => unknown)(given)).toThrow(
      expect.objectContaining({
        code: 'invalid_script',
        message: expect.stringContaining('a tag of a template'),
      }),
    );
  });

  it('reports a failure as that of any other call', async () => {
    const failing = dag.run({ label: 'bad' })`echo why >&2; exit ${3}`;
    await expect(failing.value()).rejects.toMatchObject({
      code: 'script_failed',
      message: expect.stringMatching(/echo\(\) "bad" \(node .*\) failed: "echo why .*exit code 3:\nwhy/s),
    });
  });
});

describe('Dag.script', () => {
  it('runs a command as it is given [DML-BND-1771]', async () => {
    const quoted = dag.script({ command: ['printf', '%s|', '$HOME', "it's", 3, true, dag.literal(4)] });
    expect(await words(quoted)).toBe("$HOME|it's|3|true|4|");
    const shell = dag.script({
      command: 'cat "$DML_INPUT_data_csv" lib/words.txt; echo $GREETING',
      files: ['lib/words.txt'],
      inputs: { 'data.csv': blob('1,2\n') },
      env: { GREETING: 'hi' },
      name: 'joined',
    });
    expect(await words(shell)).toBe('1,2\nfrom the library\nhi\n');
    expect(dag.describeCall(shell.nodeId).text).toMatch(/^joined\(/);
  });

  it('has a result by its outputs [DML-BND-1773]', async () => {
    const command = 'echo "[1]"; echo a > a; mkdir b; echo c > b/c';
    expect(await words(dag.script({ command }))).toBe('[1]\n');
    expect(await dag.script({ command, output: json() }).value()).toEqual([1]);
    expect(await dag.script({ command, output: text('a') }).value()).toBe('a\n');
    expect(await dag.script({ command, output: 'b/' }).value()).toMatchObject({ c: { sizeBytes: 2 } });
    const several = dag.script({ command, outputs: { printed: json('-'), b: 'b/' } });
    expect(await several.value()).toMatchObject({ printed: [1], b: { c: { sizeBytes: 2 } } });
    const one = dag.script({ command: ['sh', '-c', 'echo x > $0', output(text('o'))] });
    expect(await one.value()).toBe('x\n');
    const two = dag.run`echo 1 > ${output(json('j'))}; echo 2 > ${output('k')}`;
    expect(await two.value()).toMatchObject({ j: 1, k: { sizeBytes: 2 } });
  });

  const refused: readonly [string, string, unknown][] = [
    ['an unknown option', 'use outputs', { command: ['x'], outpts: {} }],
    ['no command', 'neither a list of words nor one text', {}],
    ['an empty command', 'its command is empty', { command: [] }],
    ['an empty text', 'its command is empty', { command: '' }],
    ['undefined', 'a part of its command is undefined', { command: ['x', undefined] }],
    ['NUL', 'NUL', { command: ['x', 'a\0'] }],
    ['two ways of outputs', 'in two ways', { command: ['x', output('a')], output: 'b' }],
    ['an output above', 'below the working folder', { command: ['x'], output: '../a' }],
    ['an absolute output', 'below the working folder', { command: ['x'], output: '/etc/x' }],
    ['an output that is an input', 'there before the script runs', { command: ['x'], output: 'inputs/a' }],
    [
      'an output that is a file of it',
      'there before the script runs',
      { command: ['x', file('a')], output: 'a' },
    ],
    ['an output without a path', 'no path', { command: ['x'], outputs: { a: '' } }],
    ['a name that is no name', 'cannot name an input', { command: ['x'], inputs: { '../a': 1 } }],
    ['names that are one variable', 'one variable', { command: ['x'], inputs: { 'a.b': 1, a_b: 2 } }],
    ['a file that is the inputs', 'its inputs are there', { command: ['x'], files: ['inputs/a'] }],
    ['the whole folder', 'the whole folder', { command: ['x'], files: ['.'] }],
    ['two files at one path', 'would be one file', { command: ['x'], files: ['/a/x', '/b/x'] }],
    ['a reserved variable', 'DML_ is reserved', { command: ['x'], env: { DML_X: '' } }],
    ['a variable that is no text', 'is no text', { command: ['x'], env: { A: 1 } }],
    ['a limit below 0', 'not a number above 0', { command: ['x'], maxMemoryMb: -1 }],
    ['an empty name', 'its name is empty', { command: ['x'], name: '' }],
    ['nothing', 'give an object', undefined],
  ];
  it.each(refused)('refuses %s [DML-BND-1774]', (_, reason, options) => {
    const refusal = { code: 'invalid_script', message: expect.stringContaining(reason) };
    let error: unknown;
    try {
      dag.script(options as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ ...refusal, fields: { file: expect.stringContaining('script.test.ts') } });
  });

  it('refuses a file that is not there, by the line that names it', () => {
    expect(() => dag.script({ command: ['x', file('none.py')] })).toThrow(
      expect.objectContaining({
        code: 'unreadable_file',
        fields: expect.objectContaining({
          reason: 'ENOENT',
          file: expect.stringContaining('script.test.ts'),
        }),
      }),
    );
  });

  it('is sandboxed where the dag says so and it does not [DML-BND-1777]', () => {
    const sandboxed = (options: object, of: { sandbox?: boolean }): unknown => {
      const other = project.repository.newDag('other', { folder: project.folder, ...of });
      const handle = other.script({ command: ['true'], cache: false, ...options });
      const { sandbox } = scriptOf(other, handle);
      void other.close();
      return sandbox;
    };
    expect(sandboxed({}, { sandbox: true })).toBe(true);
    expect(sandboxed({ sandbox: false }, { sandbox: true })).toBeUndefined();
    expect(sandboxed({ sandbox: { readable: ['/x'] } }, {})).toBe(true);
    expect(sandboxed({}, {})).toBeUndefined();
  });
});
