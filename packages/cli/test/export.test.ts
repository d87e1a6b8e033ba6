import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { PROGRAM } from './started-program.ts';
import { TestRepository } from './test-repository.ts';

interface ExportDocument {
  readonly files: readonly {
    readonly path: string;
    readonly keys: readonly string[];
    readonly sizeBytes: number;
  }[];
}

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  await repository.run('report');
});

function at(path: string): string {
  return join(repository.folder, path);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  );
}

/** What an export that has not ended writes to, next to its target. */
function stagingIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('.dml-export')) : [];
}

function decoded(name: string): string {
  return name === '%' ? '' : decodeURIComponent(name);
}

describe('dml export', () => {
  it('writes a blob to a file and a map of blobs to a folder [DML-CLI-0808]', async () => {
    expect(await repository.json('export', 'report#source', 'deep/er/source.txt')).toMatchObject({
      path: at('deep/er/source.txt'),
      files: [{ path: '', sizeBytes: 10 }],
    });
    expect(readFileSync(at('deep/er/source.txt'), 'utf8')).toBe('some text\n');
    expect(await repository.ok('export', 'report', 'out')).toMatch(/^3 files, 24 B$/m);
    expect(readFileSync(at('out/report.md'), 'utf8')).toBe('# Total 6\n');
    expect(readFileSync(at('out/images/chart.svg'), 'utf8')).toBe('<svg/>\n');
    expect(readFileSync(at('out/best.json'), 'utf8')).toBe('"tree"\n');
  });

  it('writes bytes as they are, and any other value as JSON [DML-CLI-1505]', async () => {
    await repository.run('values');
    await repository.run('sums');
    const read = (path: string): string => readFileSync(at(path), 'utf8');
    await repository.ok('export', 'sums', 'number');
    expect(read('number')).toBe(await repository.ok('cat', 'sums'));
    await repository.ok('export', 'values.list', 'list.json');
    expect(JSON.parse(read('list.json'))).toEqual([1, 'two']);
    await repository.ok('export', 'values.set', 'set');
    expect(JSON.parse(read('set'))).toEqual({ '/': { set: [1] } });
    await repository.ok('export', 'values', 'whole.json');
    expect(read('whole.json')).toBe(await repository.ok('cat', 'values'));
    await repository.ok('export', 'values.bytes', 'bytes.bin');
    expect([...readFileSync(at('bytes.bin'))]).toEqual([0, 1, 255]);
    // What is a file already is none of JSON, whatever it is called.
    await repository.ok('export', 'values.file', 'file.json');
    expect(read('file.json')).toBe('stored content');
  });

  it('refuses the path of a single dash and writes no such file [DML-CLI-0834]', async () => {
    expect(await repository.refusal(2, ['export', 'values', '-'])).toContain('"dml cat" prints a value');
    expect(existsSync(join(repository.folder, '-'))).toBe(false);
  });

  it('refuses a path that exists unless --force is given [DML-CLI-0809]', async () => {
    writeFileSync(at('kept.txt'), 'mine');
    expect(await repository.dml(['export', 'report#source', 'kept.txt'])).toMatchObject({ exitCode: 6 });
    expect(readFileSync(at('kept.txt'), 'utf8')).toBe('mine');
    await repository.ok('export', 'report', 'kept.txt', '--force');
    expect(readdirSync(at('kept.txt')).sort()).toEqual(['best.json', 'images', 'report.md']);
    await repository.ok('export', 'report#source', 'kept.txt', '--force');
    expect(readFileSync(at('kept.txt'), 'utf8')).toBe('some text\n');
    expect(stagingIn(repository.folder)).toEqual([]);
  });

  it.each([
    '../out.txt',
    '/etc/passwd',
    'a/../../b',
    'a//b',
    '.',
    '..',
    'C:x',
    'a\\b',
    '',
    '/',
    'n\0l',
    'con',
  ])('never writes outside of the path for the key %j [DML-CLI-0810] [DML-CLI-0821]', async (key) => {
    await repository.define(
      'hostile',
      `async (dag) => dag.literal(new Map([[${JSON.stringify(key)}, blob('x')]]))`,
    );
    const before = readdirSync(repository.folder);
    const { files } = await repository.json<ExportDocument>('export', 'hostile', 'jail/inner');
    expect(filesIn(at('jail'))).toEqual([`inner/${files[0]?.path}`]);
    expect(files[0]?.path.split('/').map(decoded).join('/')).toBe(key);
    rmSync(at('jail'), { recursive: true });
    expect(readdirSync(repository.folder)).toEqual(before);
  });

  it('writes every entry to a file of its own and tells which [DML-CLI-0822] [DML-CLI-0823]', async () => {
    const entries = [
      ['', 'empty'],
      ['A.txt', 'capital'],
      ['a.txt', 'small'],
      ['deep', 'a file'],
      ['deep/er', 'below a file'],
      [`${'long'.repeat(500)}.svg`, 'long'],
      ['value.json', 'a blob'],
    ];
    await repository.define(
      'odd',
      `async (dag) => dag.literal(new Map([
        ...${JSON.stringify(entries)}.map(([key, text]) => [key, blob(text)]), ['value', 5], ['none', {}],
      ]))`,
    );
    const { files } = await repository.json<ExportDocument>('export', 'odd', 'odd');
    expect(files.map(({ keys }) => keys)).toEqual([...entries.map(([key]) => [key]), ['value']].sort());
    for (const { path, keys, sizeBytes } of files) {
      const text = readFileSync(at(`odd/${path}`), 'utf8');
      expect(text).toBe(keys[0] === 'value' ? '5\n' : entries.find(([key]) => key === keys[0])?.[1]);
      expect(sizeBytes).toBe(text.length);
    }
    expect(readdirSync(at('odd')).map((name) => name.replace(/%~[0-9a-f]{16}/, '%~'))).toEqual(
      expect.arrayContaining([
        '%',
        'A.txt',
        'a%~.txt',
        'deep',
        'deep%~',
        'none',
        'value.json',
        'value%~.json',
      ]),
    );
    expect(new Set(filesIn(at('odd')).map((path) => path.toLowerCase())).size).toBe(files.length);
  });

  it('leaves what the path held when --force fails [DML-CLI-0819]', async () => {
    mkdirSync(at('precious'));
    writeFileSync(at('precious/file'), 'mine');
    const stopped = await repository.dml(['export', 'report', 'precious', '--force'], {
      signal: AbortSignal.abort(),
    });
    expect(stopped).toMatchObject({ exitCode: 130 });
    expect(await repository.dml(['export', 'report', '/proc/none/out', '--force'])).toMatchObject({
      exitCode: 10,
    });
    expect(readFileSync(at('precious/file'), 'utf8')).toBe('mine');
    expect(stagingIn(repository.folder)).toEqual([]);
  });

  it('leaves no part of the value when it is killed [DML-CLI-0824]', async () => {
    await repository.define(
      'many',
      `async (dag) =>
        dag.literal(Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => ['k' + index, index])))`,
    );
    // An export that a busy machine lets end before it is killed says nothing; another one is tried then.
    const endMs = performance.now() + 120_000;
    let end: unknown[];
    do {
      rmSync(at('killed'), { recursive: true, force: true });
      const child = spawn(process.execPath, [PROGRAM, 'export', 'many', 'killed/many'], {
        cwd: repository.folder,
        stdio: 'ignore',
      });
      const ended = once(child, 'exit');
      while (child.exitCode === null && stagingIn(at('killed')).length === 0) await setTimeout(1);
      child.kill('SIGKILL');
      end = await ended;
    } while (stagingIn(at('killed')).length === 0 && performance.now() < endMs);
    expect(end).toEqual([null, 'SIGKILL']);
    expect(stagingIn(at('killed'))).toHaveLength(1);
    expect(existsSync(at('killed/many'))).toBe(false);
    await repository.ok('export', 'many', 'killed/many');
    expect(readdirSync(at('killed/many'))).toHaveLength(5_000);
  });

  it('refuses to replace another repository [DML-CLI-0891]', async () => {
    await repository.ok('init', 'another');
    expect(await repository.refusal(6, ['export', 'report', 'another', '--force'])).toContain(
      'another" holds a repository',
    );
    expect(statSync(at('another/.dml/store/data.mdb')).isFile()).toBe(true);
  });

  it.each(['.', '..', '.dml', '.dml/store', '.dml/new'])(
    'refuses to replace the repository or the current folder: %s [DML-CLI-0820]',
    async (path) => {
      expect(await repository.refusal(6, ['export', 'report', path, '--force'])).toContain(
        'is in the repository, or holds it or the current folder',
      );
      expect(statSync(at('.dml/store/data.mdb')).isFile()).toBe(true);
    },
  );
});
