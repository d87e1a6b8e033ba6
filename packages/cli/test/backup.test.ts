import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

let repository: TestRepository;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dml backup '));
  repository = await TestRepository.create();
  await repository.run('sums');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface BackupDocument {
  readonly path: string;
  readonly isNew: boolean;
  readonly objects: number;
  readonly bytes: number;
  readonly copiedObjects: number;
  readonly refs: number;
}

describe('dml backup', () => {
  it('copies a repository that is in use, and later what is new [DML-CLI-1080]', async () => {
    const path = join(folder, 'in use', 'deeper');
    await repository.withStore(async (store) => {
      store.setHead(store.head());
      await repository.ok('backup', path);
    }, 'write');
    const inBackup = { cwd: path };
    expect((await dml(['cat', 'sums'], inBackup)).stdout).toBe('6\n');
    expect((await dml(['verify'], inBackup)).exitCode).toBe(0);
    expect((await dml(['log'], inBackup)).stdout).toBe(await repository.ok('log'));
    await repository.run('report');
    expect((await dml(['cat', 'report'], inBackup)).exitCode).not.toBe(0);
    await repository.ok('backup', path);
    expect((await dml(['cat', 'report'], inBackup)).stdout).toBe(await repository.ok('cat', 'report'));
    expect((await dml(['ref'], inBackup)).stdout).toBe(await repository.ok('ref'));
    // A path is from where the command runs.
    expect(readFileSync(join(path, '.dml', '.gitignore'), 'utf8')).toBe('*\n');
    const relative = await dml(['--repo', repository.folder, 'backup', 'relative'], { cwd: folder });
    expect(relative.exitCode).toBe(0);
    expect(existsSync(join(folder, 'relative', '.dml', 'store', 'data.mdb'))).toBe(true);
  });

  it('prints what the backup holds and what is new in it [DML-CLI-1081]', async () => {
    const path = join(folder, 'counted');
    const first = await repository.json<BackupDocument>('backup', path);
    expect(first).toMatchObject({ path, isNew: true, copiedObjects: first.objects });
    await repository.run('clock');
    const second = await repository.json<BackupDocument>('backup', path);
    expect(second.isNew).toBe(false);
    expect(second.objects).toBe(first.objects + second.copiedObjects);
    const size = /[\d.]+ (B|KiB|KB)/.source;
    expect(await repository.ok('backup', path)).toMatch(
      new RegExp(
        `^"${path}" holds ${second.objects} objects, ${size}, and ${second.refs} refs?; new in it: 0 objects, 0 B\n$`,
      ),
    );
    const fresh = join(folder, 'fresh');
    expect(await repository.ok('backup', fresh)).toMatch(
      new RegExp(`^"${fresh}" holds ${second.objects} objects, ${size}, and ${second.refs} refs?\n$`),
    );
  });

  it('leaves the folder of another repository as it was [DML-CLI-1082]', async () => {
    const other = await TestRepository.create();
    const before = await other.ok('ref');
    expect(await repository.refusal(13, ['backup', other.folder])).toContain(
      'is a repository in its own right, not a backup',
    );
    expect(await other.ok('ref')).toBe(before);
    const backup = join(folder, 'of another');
    await other.run('sums');
    await other.ok('backup', backup);
    const held = (await dml(['ref'], { cwd: backup })).stdout;
    expect(await repository.refusal(13, ['backup', backup])).toContain('is the backup of another repository');
    expect((await dml(['ref'], { cwd: backup })).stdout).toBe(held);
    expect((await dml(['verify'], { cwd: backup })).exitCode).toBe(0);
  });

  it('shows on a terminal how far it is, and nothing elsewhere [DML-CLI-1083]', async () => {
    const shown = await repository.dml(['backup', join(folder, 'shown')], { isTerminal: true });
    expect(shown.stderr).toMatch(/copying: \d+ of \d+ objects/);
    expect(shown.stderr).toMatch(/checking: \d+ of \d+ objects/);
    const silent = await repository.dml(['backup', join(folder, 'silent')]);
    expect(silent.stderr).toBe('');
  });

  it('leaves nothing where it is refused [DML-BND-0381]', async () => {
    const inside = join(repository.folder, '.dml', 'store', 'copy');
    expect((await repository.dml(['backup', inside])).exitCode).toBe(13);
    expect(existsSync(inside)).toBe(false);
    expect((await repository.dml(['backup', repository.folder])).exitCode).toBe(13);
    expect(readdirSync(join(repository.folder, '.dml', 'store'))).not.toContain('copy');
    expect((await dml(['backup', join(folder, 'none')], { cwd: folder })).exitCode).not.toBe(0);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
