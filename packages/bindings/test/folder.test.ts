import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Repository } from '../src/repository.ts';

const root = mkdtempSync(join(tmpdir(), 'dml-folder-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a folder that is no repository, and looks like one', () => {
  it.each([
    ['dangling_link', (mark: string): void => symlinkSync('/nowhere/.dml', mark)],
    ['not_a_folder', (mark: string): void => writeFileSync(mark, 'mine')],
  ] as const)('is not passed over: %s [DML-BND-0971]', async (detail, put) => {
    const parent = join(root, detail);
    await (await Repository.init(parent)).close();
    const below = join(parent, 'below', 'deeper');
    mkdirSync(below, { recursive: true });
    const mark = join(parent, 'below', '.dml');
    put(mark);
    const unusable = { code: 'repository_unusable', detail, fields: { path: mark } };
    for (const folder of [below, join(parent, 'below')])
      for (const readOnly of [true, false])
        await expect(Repository.open(folder, { readOnly }), folder).rejects.toMatchObject(unusable);
    await expect(Repository.init(join(parent, 'below'))).rejects.toMatchObject(unusable);
    expect(readdirSync(join(parent, 'below')).sort()).toEqual(['.dml', 'deeper']);
  });

  it('is told to hold a backup that is not finished, and the backup goes on [DML-BND-0972]', async () => {
    const source = await Repository.init(join(root, 'source'));
    await source.newDag('numbers').commit([1, 2, 3]);
    const folder = join(root, 'unfinished');
    const stop = new AbortController();
    const onProgress = ({ phase }: { phase: string }): void => void (phase === 'check' && stop.abort());
    await expect(source.backup(folder, { onProgress, signal: stop.signal })).rejects.toThrow();
    const unusable = { code: 'repository_unusable', detail: 'unfinished_backup', fields: { folder } };
    await expect(Repository.open(folder)).rejects.toMatchObject(unusable);
    await expect(Repository.init(folder)).rejects.toMatchObject(unusable);
    expect(await source.backup(folder)).toMatchObject({ isNew: true });
    await (await Repository.open(folder)).close();
    await source.close();
  });
});

describe('the files of a new repository', () => {
  it('are not writable for everybody, whatever the umask [DML-BND-0970]', () => {
    const folder = join(root, 'open');
    const program = `
      process.umask(0);
      const { Repository } = await import(process.argv[1]);
      const repository = await Repository.init(process.argv[2]);
      await repository.newDag('numbers').commit([1, 2, 3]);
      await repository.backup(process.argv[2] + ' copy');
      await repository.close();
      await (await Repository.open(process.argv[2])).close();`;
    const index = new URL('../dist/index.js', import.meta.url).href;
    execFileSync(process.execPath, ['--input-type=module', '-e', program, index, folder]);
    for (const made of [join(folder, '.dml'), join(`${folder} copy`, '.dml')])
      for (const name of ['', '.gitignore', 'store', 'store/data.mdb', 'store/lock.mdb', 'store/stamp']) {
        const path = join(made, name);
        if (existsSync(path)) expect(statSync(path).mode & 0o002, path).toBe(0);
      }
    expect(existsSync(join(folder, '.dml/store/data.mdb'))).toBe(true);
  });
});
