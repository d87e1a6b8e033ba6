import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  repository.write(
    'folders.ts',
    `import { blob, definePipeline } from '@daggerml/bindings';
     export const tree = definePipeline('tree', (dag) => dag.directory('tree', { all: true }));
     export const nested = definePipeline('nested', async (dag) =>
       ({ deep: { tree: await dag.directory('tree', { all: true }) }, 'deep/tree/other': blob('other'), n: 1 }));
     export const odd = definePipeline('odd', async (dag) => dag.literal(JSON.parse(process.env.ODD ?? '', (key, value) =>
       typeof value === 'string' && value.startsWith('blob:') ? blob(value.slice(5)) : value)));`,
  );
});

const at = (path: string): string => join(repository.folder, path);

/** Every path below a folder with its kind, and the bits of files or what links hold. */
function listing(folder: string): string[] {
  const format = '%y %P %l %m\\n';
  const lines = execFileSync('find', ['.', '-mindepth', '1', '-printf', format], {
    cwd: folder,
    encoding: 'utf8',
  });
  return lines.trimEnd().split('\n').sort();
}

/** Exports a value that holds what JSON says; texts that begin with \`blob:\` are blobs. */
async function exported(value: unknown, target: string): Promise<void> {
  process.env.ODD = JSON.stringify(value);
  await repository.ok('run', 'folders.ts', 'odd');
  await repository.ok('export', 'odd', target);
}

describe('dml export of a directory', () => {
  it('is the folder that was captured, name by name [DML-CLI-0870] [DML-CLI-0875]', async () => {
    const files = [
      'a.txt',
      'b/c/d e .csv',
      '.hidden',
      '2026-01-01T10:00:00.log',
      'nul',
      'ends.',
      'README',
      'readme',
    ];
    files.push(
      'e\u0301',
      '\u00e8',
      '\u{1f600}',
      'per%cent',
      'new\nline',
      'ctrl\u001b',
      `${'l'.repeat(250)}.txt`,
    );
    for (const path of files) repository.write(`tree/${path}`, `content of ${path}`);
    repository.write('tree/nothing', '');
    repository.write('tree/large.bin', 'x'.repeat(3_000_000));
    for (const [path, mode] of [
      ['run.sh', 0o755],
      ['b/only-me', 0o700],
    ] as const) {
      repository.write(`tree/${path}`, '#!/bin/sh\n');
      chmodSync(at(`tree/${path}`), mode);
    }
    for (const path of ['empty', 'b/empty', 'deep/er/est'])
      mkdirSync(at(`tree/${path}`), { recursive: true });
    for (const [path, target] of [
      ['link', 'a.txt'],
      ['b/up', '../link'],
      ['b/c/folder', '../..'],
      ['dangling', 'no/where'],
      ['circle', 'circle'],
    ] as const)
      symlinkSync(target, at(`tree/${path}`));
    // Bits that differ from those that a new file gets say nothing but whether the owner may execute it.
    chmodSync(at('tree/b/only-me'), 0o755);
    await repository.ok('run', 'folders.ts', 'tree');
    await repository.ok('export', 'tree', 'restored');
    expect(listing(at('restored'))).toEqual(listing(at('tree')));
    execFileSync('diff', ['-r', '--no-dereference', at('tree'), at('restored')]);
  });

  it('says what it wrote, and lists links [DML-CLI-0823]', async () => {
    const { files } = await repository.json<{ files: { path: string }[] }>('export', 'tree', 'told');
    const byPath = new Map(files.map((file) => [file.path, file]));
    expect(byPath.get('run.sh')).toEqual({
      path: 'run.sh',
      keys: ['run.sh'],
      sizeBytes: 10,
      executable: true,
    });
    expect(byPath.get('b/up')).toEqual({ path: 'b/up', keys: ['b/up'], sizeBytes: 0, link: '../link' });
    expect(byPath.get('a.txt')).toEqual({ path: 'a.txt', keys: ['a.txt'], sizeBytes: 16 });
    const text = await repository.ok('export', 'tree', 'told-again');
    expect(text).toContain('b/up  -> ../link\n');
    expect(text).toMatch(/19 files, 2\.9 MiB, 5 links$/m);
    expect(text).not.toContain('\u001b');
  });

  it('respects the mask of the process [DML-CLI-0871]', () => {
    expect(repository.shell('umask 027; dml export tree masked').status).toBe(0);
    const modes = ['run.sh', 'b/only-me', 'a.txt'].map((path) => statSync(at(`masked/${path}`)).mode & 0o777);
    expect(modes).toEqual([0o750, 0o750, 0o640]);
  });

  it('makes links that hold the path of the directory, wherever it leads [DML-CLI-0872]', async () => {
    await exported(
      { a: { link: 'b/c' }, 'x/y': { link: '../..//'.slice(0, 2) }, long: { link: `${'p/'.repeat(99)}q` } },
      'links',
    );
    expect(['a', 'x/y', 'long'].map((path) => readlinkSync(at(`links/${path}`)))).toEqual([
      'b/c',
      '..',
      `${'p/'.repeat(99)}q`,
    ]);
  });

  it('writes nothing through a link, whatever the order of the paths [DML-CLI-0873]', async () => {
    mkdirSync(at('victim'));
    // Files below a link are no directory, and links outside of it are none.
    await exported({ a: { link: 'b' }, 'a/x': 'blob:x', 'b/y': 'blob:y' }, 'below');
    expect(lstatSync(at('below/b')).isDirectory()).toBe(true);
    expect(existsSync(at('below/b/x'))).toBe(false);
    await exported({ a: { link: '../victim' }, 'a/x': 'blob:x' }, 'outside');
    await exported({ a: { link: at('victim') } }, 'absolute');
    await exported({ 'd/a': { link: '../../victim' } }, 'deep');
    for (const path of ['outside/a', 'absolute/a', 'deep/d/a'])
      expect(lstatSync(at(path)).isSymbolicLink()).toBe(false);
    await exported({ a: { link: 'z' }, 'm/x': 'blob:x', z: { link: 'm' } }, 'chain');
    expect(readFileSync(at('chain/a/x'), 'utf8')).toBe('x');
    expect(listing(at('victim'))).toEqual(['']);
  });

  it('is the same for one inside of maps, and lets nothing else into its folder [DML-CLI-0880]', async () => {
    await repository.ok('run', 'folders.ts', 'tree');
    await repository.ok('export', 'tree', 'alone');
    await repository.ok('run', 'folders.ts', 'nested');
    const document = JSON.parse(await repository.ok('export', 'nested', 'inside', '--json')) as {
      files: { path: string; keys: string[] }[];
    };
    const tree = listing(at('alone'));
    expect(tree.length).toBeGreaterThan(5);
    expect(listing(at('inside/deep/tree'))).toEqual(tree);
    expect(readFileSync(at('inside/n.json'), 'utf8')).toBe('1\n');
    const [other, ...more] = document.files.filter(({ keys }) => keys[0] === 'deep/tree/other');
    expect(more).toEqual([]);
    expect(readFileSync(at(`inside/${other?.path}`), 'utf8')).toBe('other');
    const inside = document.files.filter(({ keys }) => keys[0] === 'deep');
    expect(inside.length).toBeGreaterThan(3);
    for (const { path, keys } of inside)
      expect(['deep', 'tree', path.slice('deep/tree/'.length)]).toEqual(keys);
  });

  it('is that of a map where a value stands for no entry [DML-CLI-0874]', async () => {
    await exported({ a: 'blob:text', n: 1 }, 'map');
    expect([readFileSync(at('map/a'), 'utf8'), readFileSync(at('map/n.json'), 'utf8')]).toEqual([
      'text',
      '1\n',
    ]);
    await exported({ a: { content: 'blob:text', executable: false } }, 'near');
    expect(readFileSync(at('near/a/content'), 'utf8')).toBe('text');
    expect(readFileSync(at('near/a/executable.json'), 'utf8')).toBe('false\n');
    await exported({ a: { link: 'b', more: 1 }, b: {} }, 'nearer');
    expect(readFileSync(at('nearer/a/link.json'), 'utf8')).toBe('"b"\n');
    expect(statSync(at('nearer/b')).isDirectory()).toBe(true);
    await exported({ 'a\\b': 'blob:text', 'c:d': 'blob:text' }, 'encoded');
    expect(existsSync(at('encoded/a%5Cb')) && existsSync(at('encoded/c%3Ad'))).toBe(true);
    await exported({ [`${'l'.repeat(256)}.txt`]: 'blob:text', 'c:d': 'blob:text' }, 'long');
    expect(existsSync(at('long/c%3Ad'))).toBe(true);
  });
});
