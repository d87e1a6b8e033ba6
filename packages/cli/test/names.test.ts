import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { indexRef } from '@daggerml/store';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunDocument, TestRepository, words } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
let first: RunDocument;
let second: RunDocument;
beforeAll(async () => {
  repository = await TestRepository.create();
  first = await repository.run('sums');
  repository.write(
    'steps.ts',
    'export const add = (a: number, b: number) => a + b;\nexport const double = (a: number) => a * 4;',
  );
  second = await repository.run('sums');
  await repository.ok('branch', 'experiment', first.commitId);
});

async function shown(name: string): Promise<unknown> {
  return (await repository.json<{ objectId: string }>('show', name)).objectId;
}

/** Two contents whose blobs have ids that begin with the same digits. */
function collision(digits: number): [string, string] {
  const seen = new Map<string, string>();
  for (let index = 0; ; index += 1) {
    const text = `content ${index}`;
    const prefix = createHash('sha256').update(text).digest('hex').slice(0, digits);
    const other = seen.get(prefix);
    if (other !== undefined) return [other, text];
    seen.set(prefix, text);
  }
}

/** Commits a dag of two blobs whose chunks have ids that begin alike; returns their contents. */
async function runTwins(): Promise<[string, string]> {
  const texts = collision(4);
  await repository.define(
    'twins',
    `async (dag) => dag.literal(${JSON.stringify(texts)}.map((text) => blob(text)))`,
  );
  return texts;
}

describe('object names', () => {
  it('are found and given in NFC, however they are typed [DML-CLI-0611]', async () => {
    const accents = await TestRepository.create();
    accents.write(
      'accents.ts',
      `import { definePipeline } from '@daggerml/bindings';
      export const accents = definePipeline('caf\\u00e9', async (dag) => {
        dag.name('\\u00e9', dag.literal(5));
        return {};
      });`,
    );
    await accents.ok('run', 'accents.ts', 'cafe\u0301');
    for (const name of ['cafe\u0301#e\u0301', 'main:cafe\u0301#e\u0301', 'caf\u00e9#e\u0301']) {
      expect(await accents.ok('cat', name)).toBe('5\n');
      expect(await accents.ok('show', name)).toBe(await accents.ok('show', 'caf\u00e9#\u00e9'));
      expect(await accents.ok('gc', '--why', name)).toContain('kept by refs/heads/main\n');
    }
    accents.write('accent-steps.ts', 'export const caf\u00e9 = () => 1;');
    expect(await accents.ok('code', 'accent-steps.ts', 'cafe\u0301')).toContain('accent-steps.ts');
    await accents.ok('branch', 'e\u0301te\u0301');
    expect(await accents.ok('ref', '\u00e9t\u00e9')).toBe(await accents.ok('ref', 'e\u0301t\u00e9'));
    const folder = join(accents.folder, 'e\u0301');
    await accents.ok('export', 'cafe\u0301', folder);
    expect(existsSync(folder)).toBe(true);
    await accents.ok('dag', 'delete', 'cafe\u0301');
    await accents.ok('dag', 'restore', 'main~1:cafe\u0301');
    expect((await accents.json<{ dag: string }[]>('dag', 'list')).map(({ dag }) => dag)).toEqual([
      'caf\u00e9',
    ]);
    expect((await accents.dml(['show', 'e\u0301'])).exitCode).toBe(3);
  });

  it('that a branch and a dag have name the branch, and say how the dag is named [DML-CLI-0609] [DML-CLI-0610]', async () => {
    await repository.ok('branch', 'sums', first.commitId);
    const note = '"sums" names a branch and a dag: the branch is meant, "main:sums" names the dag\n';
    for (const argv of ['show sums', 'gc --why sums', 'cat sums'].map(words))
      expect(await repository.dml(argv)).toMatchObject({ exitCode: 0, stderr: note });
    expect((await repository.dml(['show', 'sums', '--json'])).stderr).toBe('');
    expect((await repository.dml(['show', 'main:sums'])).stderr).toBe('');
    expect(await shown('main:sums')).toBe(second.dagId);
    expect(await shown('sums#root')).toBe(await shown('main:sums#root'));
    // A branch of several dags has no value of its own.
    await repository.run('values');
    await repository.ok('branch', 'values');
    expect(await repository.refusal(3, ['cat', 'values'])).toContain(
      'hint: name a dag, a node or a datum, for example: main:values, values:',
    );
    expect((await repository.dml(['branch', 'prefix'])).stderr).not.toContain('names a branch and a dag');
    await repository.ok('branch', '--delete', 'values');
    expect((await repository.dml(['branch', 'values'])).stderr).toContain('"main:values" names the dag\n');
    for (const branch of ['values', 'prefix', 'sums']) await repository.ok('branch', '--delete', branch);
  });

  it('refuse a prefix of fewer than four digits [DML-CLI-0602]', async () => {
    expect(await repository.refusal(4, ['show', first.dagId.slice(0, 3)])).toContain(
      'is too short for an id\nhint: give at least 4 digits',
    );
  });

  it('refuse an ambiguous prefix with the candidates and their classes [DML-CLI-0603]', async () => {
    const texts = await runTwins();
    const ids = texts.map((text) => createHash('sha256').update(text).digest('hex'));
    const stderr = await repository.refusal(4, ['show', ids[0]?.slice(0, 4) ?? '']);
    for (const id of ids) expect(stderr).toContain(`${id.slice(0, 16)} (chunk)`);
  });

  it('refuse an ambiguous IndexRef with the candidates', async () => {
    const uuids = ['11111111-0000-8000-8000-000000000001', '11111111-0000-8000-8000-000000000002'];
    for (const uuid of uuids) await repository.plant(indexRef(uuid), first.commitId);
    expect(await repository.refusal(4, ['wip', 'prune', '1111'])).toContain(
      uuids.map((uuid) => `${uuid} (work in progress)`).join(', '),
    );
  });

  it.each([
    ['experimnt', 'experiment'],
    ['smus', 'sums'],
    ['main:sum', 'sums'],
    ['main:sum#three', 'sums'],
    ['mian:sums', 'main'],
    ['smus#three', 'sums'],
    ['main@{1}', 'main'],
    ['main:sums#thre', 'three'],
    ['zz~7', undefined],
    ['nothing like it', undefined],
  ])(
    'that do not exist are refused with the nearest existing ones: %s [DML-CLI-0604]',
    async (name, nearest) => {
      const stderr = await repository.refusal(3, ['show', name]);
      expect(stderr).toContain(`nothing here is named "${name}"`);
      const meant =
        nearest === undefined ? /^(?![\s\S]*did you mean)/ : new RegExp(`did you mean: .*\\b${nearest}\\b`);
      expect(stderr).toMatch(meant);
    },
  );

  it.each([
    [['show', 'nope'], null, '"dml dag list" and "dml branch" list names; "dml help references"'],
    [['show', 'main:nope'], 'dag', '"dml show main" lists its dags'],
    [['cat', 'main:sums#nope'], 'node', '"dml show main:sums" lists its nodes'],
    [['log', 'experiment~7'], 'history', '"dml log experiment" lists its commits'],
    [['ref', 'nope'], 'ref', '"dml branch" lists the branches'],
    [['switch', 'nope'], 'branch', '"dml branch" lists the branches'],
    [['merge', 'nope', 'main'], 'branch', '"dml branch" lists the branches'],
    [['wip', 'prune', 'nope'], 'work', '"dml wip list" lists what there is'],
  ])(
    'that do not exist are refused with the command that lists them: %j [DML-CLI-0607]',
    async (argv, detail, listing) => {
      const hint = expect.stringContaining(listing);
      expect(await repository.error(3, argv)).toMatchObject({ detail, hint });
    },
  );

  it('select a dag of the commit that is named before the colon [DML-CLI-0605]', async () => {
    expect(await shown(`${second.commitId.slice(0, 8)}:sums`)).toBe(second.dagId);
    expect(await shown('experiment:sums')).toBe(first.dagId);
    expect(await shown(`${second.commitId}~1:sums`)).toBe(first.dagId);
    expect(await repository.ok('cat', 'experiment:sums')).toBe('6\n');
    expect(await repository.ok('cat', `${second.commitId}:sums`)).toBe('12\n');
  });

  it('select the node that a dag lists under a name [DML-CLI-0606]', async () => {
    await runTwins();
    const { nodes } = await repository.json<{ nodes: { nodeId: string; names: string[] }[] }>(
      'show',
      'main:sums',
    );
    const named = (name: string): string | undefined =>
      nodes.find(({ names }) => names.includes(name))?.nodeId;
    expect(await shown('main:sums#three')).toBe(named('three'));
    expect(await shown('main:sums#root')).toBe(named('root'));
    expect(await repository.ok('cat', 'twins#root')).toContain('"blob"');
    expect(await repository.ok('cat', named('three') ?? '')).toBe('3\n');
    expect((await repository.dml(['show', 'main#three'])).exitCode).toBe(2);
  });

  it('find every dag and node, whatever signs their names hold [DML-CLI-0661]', async () => {
    const names = [
      ...['a', 'a#b', 'a#b#c', 'x:y', ':x', '#x', 'x~1', '~', 'main', 'HEAD', 'HEAD~1', 'refs/heads/main'],
      ...[
        'refs/none',
        '-d',
        '--json',
        '@{1}',
        'a/../b',
        '/',
        ' ',
        "it's",
        '$(x)',
        '\\u200b',
        'a\u200bb',
        'é',
      ],
      ...['root', 'main:sums', 'feed', '0123456789ab', first.dagId, 'x'.repeat(255), '日'.repeat(85)],
    ];
    const nodeNames = names.filter((name) => name !== 'root');
    const odd = await TestRepository.create();
    odd.write(
      'odd.ts',
      `import { definePipeline } from '@daggerml/bindings';
      const names = ${JSON.stringify(names)};
      const build = (dag, name) => {
        ${JSON.stringify(nodeNames)}.forEach((each) => dag.name(each, dag.literal(name + ' / ' + each)));
        return dag.literal(name);
      };
      export const pipelines = Object.fromEntries(names.map((name, at) =>
        ['p' + at, definePipeline(name, async (dag) => build(dag, name))]));
      export const { ${names.map((_, at) => `p${at}`).join(', ')} } = pipelines;`,
    );
    for (const at of names.keys()) await odd.ok('run', 'odd.ts', `p${at}`);
    const dags = await odd.json<{ dag: string; dagId: string }[]>('dag', 'list');
    expect(dags.map(({ dag }) => dag).sort()).toEqual([...names].sort());
    const cat = async (name: string): Promise<unknown> => JSON.parse(await odd.ok('cat', '--', name));
    for (const { dag: name, dagId } of dags) {
      for (const revision of ['HEAD', 'refs/heads/main'])
        expect(await odd.json('show', `${revision}:${name}`), name).toMatchObject({ objectId: dagId });
      expect(await cat(`${dagId}#root`)).toBe(name);
    }
    const [{ dag: name, dagId }] = dags as [(typeof dags)[number]];
    for (const each of nodeNames) expect(await cat(`${dagId}#${each}`), each).toBe(`${name} / ${each}`);
    // Without a dag of a name that could be meant as well, the dag's own name does.
    for (const inside of ['#x', ':x', 'x:y', '-d'])
      expect(await cat(`${inside}#b`.replace('#b', '#é')), inside).toBe(`${inside} / é`);
    const deleted = await odd.json<{ restoringCommand: string }>('dag', 'delete', '--', 'x:y');
    await odd.ok(...deleted.restoringCommand.split(' ').slice(1));
    expect(await odd.ok('cat', 'HEAD:x:y')).toBe('"x:y"\n');
  });

  it.each([
    'x'.repeat(100_000),
    `main:${'x'.repeat(100_000)}`,
    `sums#${'é'.repeat(50_000)}`,
    `main:sums#${'é'.repeat(50_000)}`,
    'a\nb',
    'main:.',
    'f'.repeat(65),
  ])('that nothing can have stand for nothing: %#. [DML-CLI-0662]', async (name) => {
    expect(await repository.error(3, ['show', name])).toMatchObject({ code: 'unknown_name' });
    // What a dag can have is looked for all the same.
    expect(await shown('main:sums')).toBe(second.dagId);
  });
});
