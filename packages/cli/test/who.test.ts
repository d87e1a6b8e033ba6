import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CommitId } from '@daggerml/object-model';
import { headRef } from '@daggerml/store';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeEach(async () => {
  repository = await TestRepository.create();
});

interface Who {
  readonly datumId: string | null;
  readonly sha256?: string;
  readonly calls: readonly {
    readonly call: string;
    readonly commitId: string;
    readonly dag: string;
    readonly roles: readonly string[];
    readonly inputs: readonly number[];
  }[];
  readonly more: boolean;
}

const who = (...argv: string[]): Promise<Who> => repository.json('who', ...argv) as never;
const told = ({ calls }: Who): unknown[] =>
  calls.map(({ call, roles, inputs, dag }) => [roles.join(), call.split('(')[0], inputs, dag]);

const CODE = `export const load = (rows: number) => Array.from({ length: rows }, (_, i) => i);
export const pair = (a: unknown, b: unknown) => ({ a, b });
export const all = (folder: Record<string, unknown>) => Object.keys(folder).length;
`;

async function define(name: string, build: string): Promise<string> {
  return (await repository.define(name, build, { code: CODE })).commitId;
}

describe('the calls that made or used a value', () => {
  it('are also those that functions have made [DML-REP-0450]', async () => {
    const code = `import { call } from '@daggerml/bindings';
export const leaf = (n: number) => ({ leaf: n });
export const middle = async (n: number) => [(await call(leaf, n)).leaf, (await call(leaf, 7)).leaf];
export const outer = async (n: number) => (await Promise.all([call(middle, n), call(leaf, 7)])).length;
`;
    const build = `async (dag) => {
      dag.name('made', { leaf: 7 });
      return [dag.call(steps.outer, dag.name('five', 5)), dag.call(steps.outer, 6)];
    }`;
    const { commitId } = await repository.define('deep', build, { code });
    const usages = await who('deep#made');
    expect(told(usages)).toEqual([['made', 'leaf', [], 'deep']]);
    expect(usages.calls.map((each) => each.commitId)).toEqual([commitId]);
    expect(new Set(told(await who('deep#five')).map((row) => (row as unknown[])[1]))).toEqual(
      new Set(['leaf', 'middle', 'outer']),
    );
  });

  it('are those of every ref, newest first, with commit and part [DML-REP-0303]', async () => {
    const first = await define('one', 'async (dag) => dag.name("data", dag.call(steps.load, 900))');
    await repository.ok('branch', 'side');
    await repository.ok('switch', 'side');
    const second = await define('two', 'async (dag) => dag.call(steps.pair, 1, dag.call(steps.load, 900))');
    await repository.ok('switch', 'main');
    const value = await who('one#data');
    expect(told(value)).toEqual([
      ['made,used', 'pair', [1], 'two'],
      ['made', 'load', [], 'one'],
    ]);
    expect(value.calls.map(({ commitId }) => commitId)).toEqual([second, first]);
    const source = await who(join(repository.folder, 'one-steps.ts'));
    expect(told(source)).toEqual([
      ['source', 'pair', [], 'two'],
      ['source', 'load', [], 'one'],
    ]);
    const [{ nodeId } = { nodeId: '' }] = (
      await repository.json<{ nodes: { nodeId: string; function?: string }[] }>('show', 'one')
    ).nodes.filter(({ function: uri }) => uri !== undefined);
    const uri = (await repository.json<{ function: string }>('show', nodeId)).function;
    const bundle = /[0-9a-f]{64}/.exec(uri)?.[0] ?? '';
    expect((await who(bundle)).calls.flatMap(({ roles }) => roles)).toContain('code');
  });

  it('include those of what holds it, at any depth [DML-REP-0304]', async () => {
    repository.write('data/a.csv', '1,2');
    for (let n = 0; n < 300; n += 1) repository.write(`data/deep/${n}.csv`, String(n));
    await define('folder', "async (dag) => dag.call(steps.pair, 0, [{ in: await dag.directory('data') }])");
    await define('other', 'async (dag) => dag.call(steps.load, 3)');
    for (const file of ['data/a.csv', 'data/deep/77.csv'])
      expect(told(await who(file))).toEqual([['made,used', 'pair', [1], 'folder']]);
  });
});

describe('the calls that used a value', () => {
  const wide = `(dag) => {
      const data = dag.name('data', dag.call(steps.load, 900));
      return dag.call(steps.wide, ...Array.from({ length: 30 }, (_, n) => (n === 27 ? data : n)));
    }`;
  const code = `${CODE}
export const wide = (...all: unknown[]) => all.length;
export const boom = (data: number[]): number => { throw new RangeError(String(data.length)); };
`;

  it('are told of the commit that made them, and not of a merge or of one that lost them [DML-REP-0303]', async () => {
    const base = await repository.define('base', '(dag) => dag.call(steps.load, 1)', { code });
    const made = await repository.define('wide', wide, { code });
    const parentCommitIds = [base.commitId, made.commitId] as CommitId[];
    await repository.plantCommit(headRef('merged'), { parentCommitIds });
    await repository.plantCommit(headRef('lost'), { parentCommitIds, pins: [] });
    const usages = await who('wide#data');
    expect(told(usages).sort()).toEqual([
      ['made', 'load', [], 'wide'],
      ['used', 'wide', [27], 'wide'],
    ]);
    expect(new Set(usages.calls.map(({ commitId }) => commitId))).toEqual(new Set([made.commitId]));
  });

  it('include one of many inputs, of which none has another value, and one that failed [DML-REP-0304]', async () => {
    await repository.define('wide', wide, { code });
    const brave = `import { call } from '@daggerml/bindings';
${code}
export const brave = (data: number[]) => call(boom, data).then(() => 1, () => 0);
`;
    await repository.define('brave', '(dag) => dag.call(steps.brave, dag.call(steps.load, 900))', {
      code: brave,
    });
    expect(told(await who('wide#data')).sort()).toEqual([
      ['made', 'load', [], 'wide'],
      ['used', 'boom', [0], 'brave'],
      ['used', 'brave', [0], 'brave'],
      ['used', 'wide', [27], 'wide'],
    ]);
    expect(told(await who('wide#root'))).toEqual([['made', 'wide', [], 'wide']]);
  });
});

describe('dml who', () => {
  it('lists calls by commit, newest first and no more than asked for [DML-CLI-1722]', async () => {
    await define('one', 'async (dag) => dag.name("data", dag.call(steps.load, 5))');
    await define(
      'one',
      'async (dag) => { const data = dag.name("data", dag.call(steps.load, 5)); return [1, 2].map((n) => dag.call(steps.pair, n, data)); }',
    );
    const lines = (await repository.ok('who', 'one#data')).trimEnd().split('\n');
    expect(lines[0]).toBe('3 calls made or used one#data');
    expect(lines[1]).toMatch(/^[0-9a-f]{12} {2}run one {2}\(.*\)$/);
    expect(
      lines
        .slice(2, 4)
        .map((line) => line.slice(16))
        .sort(),
    ).toEqual(['made by, input 2 of pair(1, data) in one', 'made by, input 2 of pair(2, data) in one']);
    expect(lines.slice(5).map((line) => line.slice(16))).toEqual(['made by load(5) in one']);
    const few = (await repository.ok('who', 'one#data', '-n', '1')).trimEnd().split('\n');
    expect([few.length, few[0]]).toEqual([3, '1 call made or used one#data; -n lists more']);
    repository.write('none', 'nobody has this');
    expect(await repository.ok('who', 'none')).toMatch(
      /^no call here made or used none \(sha256 [0-9a-f]{12}\)$/m,
    );
  });

  it('prints the same as a document [DML-CLI-1723]', async () => {
    const commitId = await define('one', 'async (dag) => dag.call(steps.pair, 1, dag.call(steps.load, 5))');
    const found = await who('one#root', '-n', '1');
    const node = await repository.json('show', 'one#root');
    expect(found).toEqual({
      datumId: expect.stringMatching(/^[0-9a-f]{64}$/),
      calls: [
        {
          nodeId: node.objectId,
          execId: expect.stringMatching(/^[0-9a-f]{64}$/),
          commitId,
          dag: 'one',
          roles: ['made'],
          inputs: [],
          call: expect.stringMatching(/^pair\(1, /),
        },
      ],
      more: false,
    });
    expect((await who('one#root.b', '-n', '1')).more).toBe(true);
  });

  it('takes the path of a file for its content [DML-CLI-1724]', async () => {
    repository.write('one', 'content of a file');
    await define('one', "async (dag) => dag.call(steps.pair, 1, await dag.file('one'))");
    const sha256 = createHash('sha256').update('content of a file').digest('hex');
    const byPath = await who('./one');
    expect([byPath.sha256, told(byPath)]).toEqual([sha256, [['made,used', 'pair', [1], 'one']]]);
    expect((await who(join(repository.folder, 'one'))).datumId).toBe(byPath.datumId);
    expect((await who(sha256.slice(0, 12))).datumId).toBe(byPath.datumId);
    // An object of the name comes first.
    expect((await who('one')).sha256).toBeUndefined();
    repository.write('file.txt', 'content of a file');
    expect((await who('file.txt')).datumId).toBe(byPath.datumId);
    expect(await repository.error(3, ['who', 'nothing'])).toMatchObject({ code: 'unknown_name' });
  });
});
