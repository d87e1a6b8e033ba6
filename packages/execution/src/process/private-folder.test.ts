import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTests } from '@daggerml/testkit';
import { describe, expect, it } from 'vitest';
import { markedProcesses } from './marked-processes.ts';
import { PrivateFolder } from './private-folder.ts';

const NAME = 'dml-private-test';
const built = new URL('../../dist/process/private-folder.js', import.meta.url).href;

/** Starts a process that has a folder and a program that knows it, and prints its path. */
async function startOwner(): Promise<{ owner: ChildProcess; folder: string }> {
  const code = `import { PrivateFolder } from '${built}';
    import { spawn } from 'node:child_process';
    import { mkdirSync, writeFileSync } from 'node:fs';
    const { path } = new PrivateFolder('${NAME}');
    mkdirSync(path + '/1/closed', { recursive: true });
    writeFileSync(path + '/1/closed/file', '');
    mkdirSync(path + '/2', { mode: 0o500 });
    const env = { PATH: process.env.PATH, FOLDER: path + '/1/' };
    const child = spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' });
    child.once('spawn', () => console.log(path));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  afterTests('test', () => owner.kill('SIGKILL'));
  const folder = await new Promise<string>((resolve) => {
    owner.stdout?.once('data', (text) => resolve(String(text).trim()));
  });
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  return { owner, folder };
}

describe('a private folder', () => {
  it('is removed with what runs in it by the next one when its owner was killed [DML-EXE-3313]', async () => {
    const left = [await startOwner(), await startOwner()];
    const folders = left.map(({ folder }) => folder);
    const programs = folders.map((folder) => `${folder}/`);
    for (const { owner } of left) {
      const ended = new Promise((resolve) => owner.once('exit', resolve));
      owner.kill('SIGKILL');
      await ended;
    }
    if (process.platform === 'linux') expect(markedProcesses(programs)).toHaveLength(2);
    const next = new PrivateFolder(NAME);
    await next.close();
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
    expect(markedProcesses(programs)).toEqual([]);
    expect(existsSync(next.path)).toBe(false);
  });

  it('stays while its owner lives, and so does what others made [DML-EXE-3314]', async () => {
    const { owner, folder } = await startOwner();
    const shared = join(tmpdir(), `${NAME}-${process.getuid?.()}-shared`);
    mkdirSync(shared, { mode: 0o755 });
    afterTests('test', () => rmSync(shared, { recursive: true }));
    await new PrivateFolder(NAME).close();
    expect(readdirSync(folder).sort()).toEqual(['1', '2', 'alive']);
    expect(existsSync(shared)).toBe(true);
    const ended = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await ended;
    await new PrivateFolder(NAME).close();
    expect(existsSync(folder)).toBe(false);
  });
});
