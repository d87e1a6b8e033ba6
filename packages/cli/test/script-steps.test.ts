import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

interface Shown {
  readonly nodes: readonly { readonly function?: string; readonly nodeId?: string }[];
}

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write(
    'scripts.ts',
    `import { definePipeline, input, text } from '@daggerml/bindings';
const of = (command: string, options: object = {}) => (dag: any) => dag.script({ command, output: text(), ...options });
export const plain = definePipeline('plain', of('pwd | grep -o "[^/]*$"; echo to the terminal >&2'));
export const fails = definePipeline('fails', of('echo reason >&2; exit 3'));
export const words = definePipeline('words', (dag: any) => ({
  list: dag.script({ command: ['printf', '%s it', input('what', 'x')], output: text() }),
  shell: dag.run({ output: text() })\`
    printf %s \${'y'}
    echo\`,
}));
export const slow = definePipeline('slow', of('held=$(head -c 20000000 /dev/zero | tr "\\\\0" x); sleep 2; echo "\${#held}"'));
export const bare = definePipeline('bare', (dag: any) => dag.script({ command: ['no-such-program'] }));`,
  );
});

describe('scripts in dml run', () => {
  it('report what they print and show as calls', async () => {
    const { exitCode, stderr } = await repository.dml(['run', 'scripts.ts', 'plain']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('pwd | to the terminal');
    expect(await repository.ok('cat', 'plain')).toBe('"work\\n"\n');
    expect(await repository.ok('show', 'plain')).toMatch(/call +pwd\(\) +ok/);
  });

  it('are shown with their command [DML-CLI-1941]', async () => {
    expect((await repository.dml(['run', 'scripts.ts', 'words'])).exitCode).toBe(0);
    const shown = JSON.parse(await repository.ok('show', 'words', '--json')) as Shown;
    const nodes = shown.nodes.filter((node) => node.function?.startsWith('dml+exec://'));
    const texts = await Promise.all(nodes.map(({ nodeId = '' }) => repository.ok('show', nodeId)));
    expect(texts.map((text) => /^command {2}(.*)$/m.exec(text)?.[1]).sort()).toEqual([
      `printf %s "\${DML_INPUT_input1}"; echo`,
      "printf '%s it' <what>",
    ]);
    const json = await Promise.all(nodes.map(({ nodeId = '' }) => repository.ok('show', nodeId, '--json')));
    const commands = json.map((text) => (JSON.parse(text) as { command: unknown }).command);
    expect(commands).toContainEqual(['printf', '%s it', { input: 'what' }]);
  });

  it('are shown with the processor time and the memory that they used [DML-CLI-3703]', async () => {
    await repository.ok('run', 'scripts.ts', 'slow');
    expect(await repository.json('cat', 'slow')).toBe('20000000\n');
    const used = await repository.json<{ cpuMs: number; peakMemoryBytes: number }>('show', 'slow#root');
    expect(used.peakMemoryBytes).toBeGreaterThan(20_000_000);
    expect(used.cpuMs).toBeGreaterThanOrEqual(10);
    const { cpuMs, peakMemoryBytes } = used;
    expect(await repository.json('why', 'slow#root')).toMatchObject({ cpuMs, peakMemoryBytes });
    const { slowestCalls } = await repository.json<{ slowestCalls: object[] }>('stats', 'slow');
    expect(slowestCalls).toMatchObject([{ cpuMs, peakMemoryBytes }]);
    const text = /^ {2}\S+ s .* \d+(\.\d+)? m?s of processor time, \d+(\.\d+)? MiB of memory$/m;
    expect(await repository.ok('stats', 'slow')).toMatch(text);
    for (const command of ['why', 'show'])
      expect(await repository.ok(command, 'slow#root')).toMatch(
        /^used +\d+(\.\d+)? m?s of processor time, \d+(\.\d+)? MiB of memory$/m,
      );
    // A short call has no use that is known.
    await repository.define('short', '(dag) => dag.call(steps.add, 1, 2)');
    for (const command of ['why', 'show']) {
      expect(await repository.json(command, 'short#root')).toMatchObject({
        cpuMs: null,
        peakMemoryBytes: null,
      });
      expect(await repository.ok(command, 'short#root')).not.toMatch(/^used /m);
    }
    const short = await repository.json<{ slowestCalls: object[] }>('stats', 'short');
    expect(short.slowestCalls).toMatchObject([{ cpuMs: null, peakMemoryBytes: null }]);
  });

  it('say how they failed, and what to do', async () => {
    const failed = await repository.dml(['run', 'scripts.ts', 'fails']);
    expect(failed.exitCode).toBe(7);
    expect(failed.stderr).toContain('script_failed');
    expect(failed.stderr).toMatch(/"echo reason >&2; exit 3" ended with exit code 3:\s+reason/);
    const missing = await repository.dml(['run', 'scripts.ts', 'bare']);
    expect(missing.stderr).toContain('there is no program "no-such-program" in any folder of PATH');
    expect(missing.exitCode).toBe(8);
  });

  it('are sandboxed with --sandbox, or do not run [DML-CLI-1940]', async () => {
    const uriOf = async (): Promise<unknown> => {
      const shown = JSON.parse(await repository.ok('show', 'plain', '--json')) as Shown;
      return shown.nodes.map(({ function: uri }) => uri).find((uri) => uri !== undefined);
    };
    expect((await repository.dml(['run', 'scripts.ts', 'plain'])).exitCode).toBe(0);
    const before = await uriOf();
    const { exitCode, stderr } = await repository.dml(['run', 'scripts.ts', 'plain', '--sandbox']);
    if (stderr.includes('sandbox_missing')) expect(exitCode).toBe(8);
    else {
      expect(exitCode).toBe(0);
      expect(await uriOf()).not.toBe(before);
    }
    expect(before).toContain('dml+exec://dml-script/');
  });
});
