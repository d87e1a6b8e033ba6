import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { dml, newKeyPem, TestRepository } from './test-repository.ts';

/** Pipelines of a domain that publishes, and of one that uses what is published. */
const PIPELINES = `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./steps-of-domain.ts')>(new URL('./steps-of-domain.ts', import.meta.url));
export const rows = definePipeline('rows', (dag) => dag.call(steps.rows, 40));
export const model = definePipeline('model', (dag) => {
  dag.name('text', dag.literal('open'));
  return dag.name('mean', dag.call(steps.mean, dag.import('rows').root));
});
export const forecast = definePipeline('forecast', (dag) => dag.call(steps.twice, dag.import('model', 'them').mean));
`;
const STEPS = `export const rows = (count: number) => Array.from({ length: count }, (_, at) => 'secret row ' + at);
export const mean = (rows: string[]) => rows.length;
export const twice = (value: unknown) => JSON.stringify(value) + ' twice';
`;

interface Team {
  readonly folder: string;
  readonly public: string;
  readonly key: string;
  readonly ours: TestRepository;
  readonly theirs: TestRepository;
}

let team: Team;

async function newRepository(): Promise<TestRepository> {
  const repository = await TestRepository.create();
  writeFileSync(join(repository.folder, 'domain.ts'), PIPELINES);
  writeFileSync(join(repository.folder, 'steps-of-domain.ts'), STEPS);
  return repository;
}

function newKey(folder: string, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, newKeyPem(), { mode: 0o600 });
  return path;
}

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml domains ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  const ours = await newRepository();
  await ours.ok('run', 'domain.ts', 'rows');
  await ours.ok('run', 'domain.ts', 'model');
  await ours.ok('remote', 'add', 'public', join(folder, 'public'));
  team = {
    folder,
    public: join(folder, 'public'),
    key: newKey(folder, 'domain.pem'),
    ours,
    theirs: await newRepository(),
  };
});

async function publish(...options: string[]): Promise<Record<string, unknown>> {
  return await team.ours.json('publish', 'main', '--as', 'model', '--sign', team.key, ...options);
}

async function take(...options: string[]): Promise<Record<string, unknown>> {
  return await team.theirs.json('reference', 'add', 'them', team.public, 'model', ...options);
}

async function head(repository: TestRepository, name = 'main'): Promise<string> {
  return (await repository.ok('ref', name)).trim();
}

describe('dml publish', () => {
  it('publishes the current commit, and prints what was sent and withheld [DML-CLI-1280]', async () => {
    const { ours, key } = team;
    const main = await head(ours);
    const planned = await ours.json('publish', '--sign', key, '--dry-run', '--withhold', 'dags:rows');
    expect(planned).toMatchObject({ name: 'main', commitId: main, number: 1, dryRun: true });
    expect(await ours.json('publish', '--list')).toEqual([]);
    const published = await ours.json<Record<string, unknown>>(
      'publish',
      '--sign',
      key,
      '--withhold',
      'dags:rows',
    );
    expect(published).toEqual({ ...(planned as object), dryRun: false });
    expect(published).toMatchObject({ remote: 'public', domain: expect.stringMatching(/^did:key:z6Mk/) });
    expect(published.withheld).toContainEqual(expect.objectContaining({ class: 'dag' }));
    expect(published.objects).toBeGreaterThan(5);
    const text = await ours.ok('publish', '--sign', key, '--as', 'again', '--release');
    expect(text).toMatch(
      /^published [0-9a-f]{12} as again, number 1\ndomain did:key:z6Mk\w+\n\d+ objects?, [\d.]+ \w+\n$/,
    );
    // What has no name of its own needs one.
    expect(await ours.refusal(2, ['publish', main, '--sign', key])).toContain('--as');
  });

  it('is refused without a key that signs [DML-CLI-1281]', async () => {
    const { ours, folder } = team;
    expect(await ours.refusal(2, ['publish'])).toContain('--sign');
    const wrong = join(folder, 'wrong.pem');
    writeFileSync(wrong, 'no key');
    for (const path of [wrong, join(folder, 'none.pem')])
      expect(await ours.error(2, ['publish', '--sign', path])).toMatchObject({ code: 'signing_key_invalid' });
    expect(await ours.json('publish', '--list')).toEqual([]);
  });

  it('lists what is published on a remote or at a place [DML-CLI-1282]', async () => {
    const { ours, theirs, key, public: place } = team;
    const { domain, commitId } = await publish();
    await ours.ok('publish', '--sign', key);
    const expected = [
      { name: 'main', number: 1, domain, commitId, references: [], timeMs: expect.any(Number) },
      expect.objectContaining({ name: 'model' }),
    ];
    expect(await ours.json('publish', '--list')).toEqual(expected);
    expect(await theirs.json('publish', '--list', '--remote', place)).toEqual(expected);
    expect(await ours.ok('publish', '--list')).toMatch(/^main +[0-9a-f]{12} {2}1 {2}.*did:key:\w+\nmodel/);
  });

  it('ends a publication [DML-CLI-1292]', async () => {
    const { ours, theirs, key } = team;
    await publish();
    await take();
    expect(await ours.json('publish', '--end', 'model', '--sign', key)).toMatchObject({
      name: 'model',
      commitId: null,
      number: 2,
    });
    expect(await ours.error(3, ['publish', '--end', 'model', '--sign', key])).toMatchObject({
      code: 'publication_unknown',
    });
    expect(await ours.json('publish', '--list')).toMatchObject([{ name: 'model', commitId: null }]);
    expect(await theirs.json('reference', 'update')).toMatchObject([{ reference: 'them', commitId: null }]);
    expect(await theirs.json('reference', 'list')).toMatchObject([{ reference: 'them', commitId: null }]);
  });

  it('publishes references along with a commit [DML-CLI-1293]', async () => {
    const { folder, theirs } = team;
    const { commitId, domain } = await publish();
    await take();
    await theirs.ok('run', 'domain.ts', 'forecast');
    const place = join(folder, 'public-2');
    await theirs.ok('remote', 'add', 'public', place);
    const key = newKey(folder, 'second.pem');
    expect(await theirs.error(3, ['publish', '--sign', key, '--reference', 'none'])).toMatchObject({
      code: 'reference_unknown',
    });
    await theirs.ok('publish', '--sign', key, '--reference', 'them');
    const third = await newRepository();
    await third.ok('reference', 'add', 'forecasts', place, 'main');
    expect(await third.json('reference', 'list')).toMatchObject([
      { reference: 'forecasts', onward: [{ reference: 'them', published: 'model', domain, commitId }] },
    ]);
    // It is here under its id, and in the snapshot.
    expect(await third.ok('show', String(commitId))).toContain('model');
    expect(await third.json('snapshot')).toMatchObject({
      references: [{ reference: 'forecasts', onward: [{ commitId }] }],
    });
    expect(await third.ok('verify')).toContain('nothing is damaged');
  });

  it('withholds blobs by size, dags by pattern and values by name [DML-CLI-1283]', async () => {
    const { ours, theirs } = team;
    writeFileSync(
      join(ours.folder, 'more.ts'),
      `import { blob, definePipeline } from '@daggerml/bindings';
export const files = definePipeline('files', async (dag) => {
  dag.name('small', dag.literal(blob('x'.repeat(2000))));
  dag.name('large', dag.literal(blob('y'.repeat(3000))));
  return dag.name('note', dag.literal('n'.repeat(300)));
});
`,
    );
    await ours.ok('run', 'more.ts');
    for (const wrong of ['rows', 'blobs:', 'blobs:10x', 'blobs:-1', 'dag:x', 'value:', 'blobs=1'])
      expect(await ours.error(2, ['publish', '--sign', team.key, '--withhold', wrong]), wrong).toMatchObject({
        code: 'invalid_argument',
      });
    expect(await ours.error(3, ['publish', '--sign', team.key, '--withhold', 'value:none'])).toMatchObject({
      code: 'unknown_name',
    });
    await publish('--withhold', 'blobs:2k', '--withhold', 'dags:r*s', '--withhold', 'value:files#note');
    await take();
    for (const name of ['them:files#large', 'them:rows', 'them:files#note'])
      expect(await theirs.error(10, ['cat', name]), name).toMatchObject({
        code: 'object_withheld',
        message: expect.stringContaining('did:key:'),
      });
    expect(await theirs.ok('cat', 'them:files#small')).toBe('x'.repeat(2000));
    expect(await theirs.ok('cat', 'them:model#text')).toBe('"open"\n');
    // Provenance stays whole: who is shown what, though not everything is there.
    expect(await theirs.ok('log', 'them')).toContain('run files');
    expect(await theirs.ok('show', 'them')).toContain('rows');
    expect(await theirs.ok('why', 'them:model')).toContain('mean');
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
    await theirs.ok('gc');
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
    // What is published without them later fills the gaps.
    await publish('--release');
    expect(await theirs.json('reference', 'update', 'them')).toMatchObject([{ changed: true }]);
    expect(await theirs.ok('cat', 'them:rows')).toContain('secret row 39');
  });

  it('refuses rules that withhold nothing before anything is sent [DML-CLI-3820]', async () => {
    const { ours, key, public: place } = team;
    const options = ['publish', '--sign', key, '--withhold'];
    expect(await ours.error(3, [...options, 'dags:rosw'])).toMatchObject({
      code: 'unknown_name',
      message: expect.stringContaining('main has no dag "rosw"'),
      hint: expect.stringContaining('did you mean: rows?'),
    });
    for (const rules of [
      ['dags:x*'],
      ['dags:rows', '--withhold', 'dags:Rows'],
      ['dags:rows', '--dry-run', '--withhold', 'dags:x'],
    ])
      expect(await ours.error(3, [...options, ...rules]), rules.join(' ')).toMatchObject({
        code: 'unknown_name',
      });
    await ours.ok('branch', 'side');
    await ours.ok('switch', 'side');
    writeFileSync(
      join(ours.folder, 'long.ts'),
      `import { definePipeline } from '@daggerml/bindings';
export const long = definePipeline('long', (dag) => dag.name('text', dag.literal('l'.repeat(300))));
`,
    );
    await ours.ok('run', 'long.ts');
    expect(
      await ours.refusal(2, ['publish', 'main', '--sign', key, '--withhold', 'value:side:long']),
    ).toContain('"main" does not reach the value "side:long"');
    expect(existsSync(place)).toBe(false);
    // The value is that of the commit which is published, whichever branch is current.
    await ours.ok('switch', 'main');
    expect(await ours.json('publish', 'side', '--sign', key, '--withhold', 'value:long')).toMatchObject({
      withheld: [{ class: 'datum' }],
    });
  });

  it('withholds what a name stood for in each commit behind [DML-CLI-3823]', async () => {
    const { ours, key } = team;
    for (const letter of ['a', 'b', 'c']) {
      writeFileSync(
        join(ours.folder, 'long.ts'),
        `import { definePipeline } from '@daggerml/bindings';
export const long = definePipeline('long', (dag) => dag.name('text', dag.literal('${letter}'.repeat(300))));
`,
      );
      await ours.ok('run', 'long.ts');
    }
    const { withheld } = await ours.json<{ withheld: object[] }>(
      'publish',
      '--sign',
      key,
      '--withhold',
      'value:long#text',
    );
    expect(withheld).toHaveLength(3);
  });

  it('does not give away what was withheld before, unless it is told to [DML-CLI-3821]', async () => {
    const { ours, theirs, key } = team;
    await publish('--withhold', 'dags:rows', '--withhold', 'value:rows');
    await take();
    // The rows of the next version are others.
    writeFileSync(join(ours.folder, 'steps-of-domain.ts'), STEPS.replace('secret row', 'new secret'));
    await ours.ok('run', 'domain.ts', 'rows');
    await ours.ok('run', 'domain.ts', 'model');
    const again = ['publish', 'main', '--as', 'model', '--sign', key];
    const paths = readdirSync(team.public, { recursive: true }).sort();
    for (const options of [[], ['--withhold', 'value:rows'], ['--dry-run']])
      expect(await ours.error(6, [...again, ...options]), options.join(' ')).toMatchObject({
        code: 'publication_releases',
        message: expect.stringContaining('the dag "rows"'),
        hint: expect.stringMatching(/--withhold dags:rows.*--release/),
      });
    expect(await ours.error(6, [...again, '--withhold', 'dags:rows'])).toMatchObject({
      message: expect.stringContaining('what was withheld before: the value "rows"; nothing was sent'),
      hint: expect.stringContaining('add --withhold value:rows to withhold it again'),
    });
    expect(readdirSync(team.public, { recursive: true }).sort()).toEqual(paths);
    await publish('--withhold', 'dags:rows', '--withhold', 'value:rows');
    await theirs.ok('reference', 'update');
    expect(await theirs.error(10, ['cat', 'them:rows'])).toMatchObject({ code: 'object_withheld' });
    await publish('--release');
    await theirs.ok('reference', 'update');
    expect(await theirs.ok('cat', 'them:rows')).toContain('new secret');
  });

  it('shares no value of a dag that was withheld, only since another dag uses it now [DML-CLI-3834]', async () => {
    const { ours, key } = team;
    const own = await TestRepository.create();
    writeFileSync(join(own.folder, 'domain.ts'), PIPELINES);
    writeFileSync(join(own.folder, 'steps-of-domain.ts'), STEPS);
    await own.ok('remote', 'add', 'public', join(team.folder, 'public-3'));
    await own.ok('run', 'domain.ts', 'rows');
    const options = ['publish', 'main', '--sign', key, '--withhold', 'dags:rows'];
    await own.ok(...(options as [string]), '--withhold', 'value:rows');
    await own.ok('run', 'domain.ts', 'model');
    expect(await own.error(6, options)).toMatchObject({
      code: 'publication_releases',
      message: expect.stringContaining('withheld before: the value "rows"; nothing was sent'),
      hint: expect.stringContaining('--withhold value:rows'),
    });
    await own.ok(...(options as [string]), '--withhold', 'value:rows');
    expect(await own.error(6, options)).toMatchObject({ code: 'publication_releases' });
    await own.ok(...(options as [string]), '--release');
    // It is there by now.
    await own.ok('branch', 'next');
    await own.ok(...(options as [string]));
    expect(await ours.ok('verify')).toContain('nothing is damaged');
  });

  it('says which values of withheld dags go along [DML-CLI-3833]', async () => {
    const { ours, key } = team;
    const options = ['publish', '--sign', key, '--dry-run', '--withhold', 'dags:rows'];
    expect((await ours.dml(options)).stderr).toContain(
      'the value of "rows" goes along, since a call of a dag that is not withheld took it; --withhold value:rows withholds it too',
    );
    expect((await ours.dml([...options, '--withhold', 'value:rows'])).stderr).not.toContain('goes along');
  });

  it('says what is not sent [DML-CLI-3822]', async () => {
    const { ours, key } = team;
    const options = ['publish', '--sign', key, '--withhold', 'dags:r*', '--withhold', 'value:rows'];
    const { notSent, withheld } = await ours.json<{ notSent: number; withheld: object[] }>(
      ...(options as [string]),
      '--dry-run',
    );
    expect(notSent).toBeGreaterThan(withheld.length);
    expect(await ours.ok(...(options as [string]), '--dry-run')).toContain(
      `would withhold dag rows, 1 value: ${notSent} objects not sent\n`,
    );
    expect(await ours.ok(...(options as [string]))).toContain(
      `withheld dag rows, 1 value: ${notSent} objects not sent\n`,
    );
  });

  it('withholds no value that may stand inside of others [DML-CLI-1284]', async () => {
    for (const name of ['model#text', 'model#mean', 'rows[3]'])
      expect(
        await team.ours.refusal(2, ['publish', '--sign', team.key, '--withhold', `value:${name}`]),
        name,
      ).toContain('too short');
  });
});

describe('what is withheld', () => {
  const withheldBy = expect.stringMatching(/^did:key:z6Mk/);

  beforeEach(async () => {
    team.ours.write(
      'more.ts',
      `import { blob, definePipeline } from '@daggerml/bindings';
export const files = definePipeline('files', async (dag) => {
  dag.name('large', dag.literal(blob('y'.repeat(3000))));
  return dag.name('note', dag.literal('open'));
});
`,
    );
    await team.ours.ok('run', 'more.ts');
    await publish('--withhold', 'blobs:1KiB', '--withhold', 'dags:rows');
    await take();
  });

  it('is counted by a verification, for each domain [DML-CLI-1295]', async () => {
    const { theirs } = team;
    const [withheld, ...others] = (await theirs.json<{ withheldBy: object[] }>('verify')).withheldBy;
    expect(others).toEqual([]);
    expect(withheld).toEqual({ domain: withheldBy, objects: expect.any(Number) });
    expect(await theirs.ok('verify')).toMatch(/^\d objects withheld by did:key:\w+\n.*nothing is damaged\n$/);
    expect(await team.ours.json('verify')).toMatchObject({ withheldBy: [] });
  });

  it('is said in the place of values [DML-CLI-1296]', async () => {
    const { theirs } = team;
    const { nodes } = await theirs.json<{ nodes: { names: string[] }[] }>('show', 'them:files');
    expect(nodes.find(({ names }) => names.includes('large'))).toMatchObject({ kind: 'literal', withheldBy });
    expect(nodes.find(({ names }) => names.includes('note'))).toMatchObject({ value: 'open' });
    expect(await theirs.ok('show', 'them:files')).toMatch(/literal +withheld by did:key:\w+ +large/);
    expect(await theirs.json('show', 'them:files#large')).toMatchObject({ names: ['large'], withheldBy });
    expect(await theirs.ok('show', 'them:files#large')).toMatch(/value +withheld by did:key:/);
  });

  it('is said beside the dags of a commit [DML-CLI-1297]', async () => {
    const { theirs } = team;
    const { dags } = await theirs.json<{ dags: object[] }>('show', 'them');
    expect(dags).toEqual([
      { dag: 'files', dagId: expect.any(String) },
      { dag: 'model', dagId: expect.any(String) },
      { dag: 'rows', dagId: expect.any(String), withheldBy },
    ]);
    expect(await theirs.ok('show', 'them')).toMatch(/ {2}rows {2}withheld by did:key:\w+\n$/);
  });
});

describe('dml reference', () => {
  it('is added once, until it has ended [DML-CLI-1285]', async () => {
    const { ours, theirs, public: place } = team;
    const { domain, commitId } = await publish();
    expect(await take()).toMatchObject({
      reference: 'them',
      published: 'model',
      domain,
      commitId,
      fromCommitId: null,
    });
    const again = ['reference', 'add', 'them', place, 'model'];
    expect(await theirs.error(6, again)).toMatchObject({ code: 'reference_exists' });
    await theirs.ok('reference', 'end', 'them');
    await theirs.ok(...again);
    expect(await head(theirs, 'them')).toBe(await head(ours));
    for (const name of ['a b', '../x', 'refs/heads/x', '\u001b[31m'])
      expect(await theirs.error(2, ['reference', 'add', name, place, 'model']), name).toMatchObject({
        code: 'ref_name_invalid',
      });
    expect(await theirs.error(3, ['reference', 'add', 'x', place, 'none'])).toMatchObject({
      code: 'publication_unknown',
    });
  });

  it('is refused under the name of a branch or tag [DML-CLI-3830]', async () => {
    const { theirs, public: place } = team;
    await publish();
    await theirs.run('sums');
    await theirs.ok('tag', 'v1');
    for (const [name, code] of [
      ['main', 'branch_exists'],
      ['v1', 'tag_exists'],
    ] as const)
      expect(await theirs.error(6, ['reference', 'add', name, place, 'model']), name).toMatchObject({
        code,
        detail: 'reference',
      });
    expect(await theirs.json('reference', 'list')).toEqual([]);
    expect(await theirs.error(3, ['reference', 'add', 'x', '../nosuch', 'model'])).toMatchObject({
      code: 'remote_missing',
      message: expect.stringContaining('nosuch'),
    });
  });

  it('says that a key was taken as it is, unless it was given [DML-CLI-1286]', async () => {
    const { theirs, public: place } = team;
    const { domain } = await publish();
    const { stderr } = await theirs.dml(['reference', 'add', 'first', place, 'model']);
    expect(stderr).toContain('compare it with what its owner says');
    // So it was where the reference has ended.
    await theirs.ok('reference', 'end', 'first');
    const again = await theirs.dml(['reference', 'add', 'first', place, 'model']);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toContain('the key of its domain was taken as it is');
    const given = await theirs.dml([
      'reference',
      'add',
      'second',
      place,
      'model',
      '--domain',
      String(domain),
    ]);
    expect(given).toMatchObject({ exitCode: 0 });
    expect(given.stderr).not.toContain('compare');
    const other = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    expect(
      await theirs.error(6, ['reference', 'add', 'third', place, 'model', '--domain', other]),
    ).toMatchObject({ code: 'publication_untrusted' });
  });

  it('takes what was published since [DML-CLI-1287]', async () => {
    const { ours, theirs } = team;
    const { commitId: first } = await publish();
    await take();
    await theirs.ok('reference', 'add', 'twin', team.public, 'model');
    const { commitId: second } = await ours.run('sums');
    await publish();
    expect(await theirs.json('reference', 'update', 'them')).toEqual([
      expect.objectContaining({ reference: 'them', fromCommitId: first, commitId: second, changed: true }),
    ]);
    expect(await theirs.json('reference', 'update')).toMatchObject([
      { reference: 'them', changed: false },
      { reference: 'twin', commitId: second, changed: true },
    ]);
    expect(await theirs.error(3, ['reference', 'update', 'none'])).toMatchObject({
      code: 'reference_unknown',
    });
    // A remote that is gone takes nothing away.
    rmSync(team.public, { recursive: true });
    mkdirSync(team.public);
    expect(await theirs.error(3, ['reference', 'update', 'them'])).toMatchObject({ code: 'remote_missing' });
    expect(await theirs.ok('show', 'them')).toContain('model');
  });

  it('is ended, and what it led to is kept [DML-CLI-1288]', async () => {
    const { theirs } = team;
    const { commitId } = await publish();
    await take();
    expect(await theirs.json('reference', 'end', 'them')).toMatchObject({
      reference: 'them',
      commitId: null,
    });
    expect(await theirs.error(3, ['show', 'them'])).toMatchObject({ code: 'unknown_name' });
    expect(await theirs.error(3, ['reference', 'end', 'them'])).toMatchObject({ code: 'reference_unknown' });
    await theirs.ok('gc');
    expect(await theirs.ok('show', String(commitId))).toContain('model');
  });

  it('is listed with domain, commit and time [DML-CLI-1289]', async () => {
    const { theirs } = team;
    const { commitId, domain } = await publish();
    await take();
    const [listed, ...others] = await theirs.json<Record<string, unknown>[]>('reference', 'list');
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ reference: 'them', published: 'model', commitId, domain, onward: [] });
    expect(Number(listed?.takenMs)).toBeGreaterThan(1.6e12);
    expect(await theirs.ok('reference')).toMatch(/^them {2}[0-9a-f]{12} {2}model {2}.*Z {2}did:key:\w+\n$/);
    expect(await theirs.ok('show', String(listed?.referenceId))).toContain('did:key:');
  });

  it('stands wherever a commit is named, and a pipeline imports from it [DML-REM-1323] [DML-REM-1325]', async () => {
    const { ours, theirs } = team;
    await publish('--withhold', 'dags:rows');
    await take();
    for (const name of ['them', 'references/them', 'refs/references/them'])
      expect(await head(theirs, name), name).toBe(await head(ours));
    expect(await theirs.ok('cat', 'them:model#mean')).toBe('40\n');
    await theirs.ok('run', 'domain.ts', 'forecast');
    expect(await theirs.ok('cat', 'forecast')).toBe('"40 twice"\n');
    // Its provenance leads to the dag of the other domain.
    const { dags } = await ours.json<{ dags: { dag: string; dagId: string }[] }>('show', 'main');
    const foreign = dags.find(({ dag }) => dag === 'model')?.dagId as string;
    expect(await theirs.ok('show', foreign)).toContain('mean');
    expect(await theirs.ok('show', 'forecast')).toContain('import');
    expect(await theirs.error(3, ['show', 'tham'])).toMatchObject({
      hint: expect.stringContaining('did you mean: them'),
    });
    // A branch of that name goes before it.
    await theirs.ok('branch', 'them', 'main');
    expect(await head(theirs, 'them')).toBe(await head(theirs));
    expect(await head(theirs, 'references/them')).toBe(await head(ours));
  });

  it('is neither pushed, nor deleted, nor moved by other commands [DML-REM-1322]', async () => {
    const { ours, theirs, folder } = team;
    await publish();
    await take();
    await theirs.run('sums');
    await theirs.ok('remote', 'add', 'origin', join(folder, 'internal'));
    const main = await head(ours);
    for (const argv of [
      ['push', 'origin', 'them'],
      ['push', 'origin', 'references/them'],
      ['switch', 'them'],
      ['branch', '--delete', '--force', 'references/them'],
      ['tag', '--delete', 'them'],
    ])
      expect((await theirs.dml(argv)).exitCode, argv.join(' ')).toBeGreaterThan(0);
    await theirs.ok('push', 'origin', '--all', '--tags');
    expect(await head(theirs, 'them')).toBe(main);
    // Nor do fetches and clones of what is published take anything.
    expect(await dml(['clone', team.public, join(folder, 'clone')], { cwd: folder })).toMatchObject({
      exitCode: 6,
      stdout: '',
    });
    expect(await ours.error(6, ['push', 'public'])).toMatchObject({
      code: 'remote_purpose',
      detail: 'published',
    });
  });
});

describe('dml snapshot', () => {
  it('is one id for branches and references [DML-CLI-1290]', async () => {
    const { ours, theirs } = team;
    const { commitId, domain } = await publish();
    await take();
    const { commitId: own } = await theirs.run('sums');
    const taken = await theirs.json<Record<string, unknown>>('snapshot');
    expect(taken).toMatchObject({
      federatedSnapshotId: expect.stringMatching(/^[0-9a-f]{64}$/),
      heads: [{ branch: 'main', commitId: own }],
      references: [{ reference: 'them', commitId, domain }],
    });
    expect(await theirs.json('snapshot')).toEqual(taken);
    await theirs.ok('branch', 'other');
    expect(await theirs.json('snapshot')).not.toMatchObject({
      federatedSnapshotId: taken.federatedSnapshotId,
    });
    await theirs.ok('branch', '--delete', 'other');
    expect(await theirs.ok('snapshot')).toContain(`snapshot ${taken.federatedSnapshotId}`);
    expect(await theirs.ok('show', String(taken.federatedSnapshotId))).toContain('federated-snapshot');
    expect(await ours.json('snapshot')).toMatchObject({ references: [] });
  });

  it('tells references from branches of the same name [DML-CLI-3831]', async () => {
    const { theirs } = team;
    await publish();
    await take();
    await theirs.run('sums');
    await theirs.ok('branch', 'them');
    expect(await theirs.ok('snapshot')).toMatch(
      /\n {2}main .*\n {2}them .*\n {2}references\/them +[0-9a-f]{12}/,
    );
  });

  it('lists the snapshots that are kept [DML-CLI-1294]', async () => {
    const { ours } = team;
    expect(await ours.json('snapshot', '--list')).toEqual([]);
    const { federatedSnapshotId } = await ours.json<{ federatedSnapshotId: string }>('snapshot');
    await ours.ok('snapshot');
    expect(await ours.json('snapshot', '--list')).toEqual([
      { federatedSnapshotId, createdMs: expect.any(Number) },
    ]);
    expect(await ours.ok('snapshot', '--list')).toBe(`${federatedSnapshotId}\n`);
  });

  it('is kept until it is removed [DML-CLI-1291]', async () => {
    const { ours } = team;
    await ours.ok('branch', 'work');
    await ours.ok('switch', 'work');
    const { commitId } = await ours.run('sums');
    const { federatedSnapshotId } = await ours.json<{ federatedSnapshotId: string }>('snapshot');
    await ours.ok('switch', 'main');
    await ours.ok('branch', '--delete', '--force', 'work');
    await ours.ok('branch', 'other');
    await ours.ok('switch', 'other');
    const { commitId: otherCommitId } = await ours.run('values');
    const { federatedSnapshotId: other } = await ours.json<{ federatedSnapshotId: string }>('snapshot');
    await ours.ok('switch', 'main');
    await ours.ok('branch', '--delete', '--force', 'other');
    await ours.ok('gc');
    expect(await ours.ok('show', commitId)).toContain('sums');
    expect(await ours.error(2, ['snapshot', '--remove', 'main'])).toMatchObject({ code: 'wrong_class' });
    expect(await ours.json('snapshot', '--remove', federatedSnapshotId.slice(0, 10))).toEqual({
      federatedSnapshotId,
      removed: true,
    });
    await ours.ok('gc');
    expect((await ours.dml(['show', commitId])).exitCode).toBe(3);
    expect(await ours.json('snapshot', '--list')).toEqual([
      { federatedSnapshotId: other, createdMs: expect.any(Number) },
    ]);
    // That one is kept until it is removed, too.
    expect(await ours.ok('show', otherCommitId)).toContain('values');
    expect(await ours.ok('snapshot', '--remove', other)).toContain('1 snapshot removed');
    await ours.ok('gc');
    expect((await ours.dml(['show', otherCommitId])).exitCode).toBe(3);
    expect(await ours.json('snapshot', '--list')).toEqual([]);
  });
});
