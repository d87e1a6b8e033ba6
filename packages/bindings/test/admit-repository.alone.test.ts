import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TrustList, userContext } from '@daggerml/repository';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Repository, type RepositoryOptions } from '../src/repository.ts';

/** Owners that files have in these tests, by their inodes. */
const owners = vi.hoisted(() => new Map<number, number>());

vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs')>();
  type Look = (...args: never[]) => { ino: number | bigint; uid: number | bigint } | undefined;
  const owned = <T extends Look>(look: T): T =>
    ((...args: never[]) => {
      const stats = look(...args);
      const uid = owners.get(Number(stats?.ino));
      if (stats !== undefined && uid !== undefined && typeof stats.uid === 'number') stats.uid = uid;
      return stats;
    }) as T;
  return {
    ...real,
    lstatSync: owned(real.lstatSync as never),
    statSync: owned(real.statSync as never),
    fstatSync: owned(real.fstatSync as never),
  };
});

const SOMEBODY = 4_242;
let root: string;
let folder: string;
let user: { configFolder: string };

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'dml-trust-')));
  folder = join(root, 'project');
  user = { configFolder: join(root, 'config', 'daggerml') };
  await (await Repository.init(folder, { user })).close();
});

afterEach(() => {
  owners.clear();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

function give(path: string, uid: number = SOMEBODY): string {
  owners.set(lstatSync(path).ino, uid);
  return path;
}

/** Errors of a repository that is not trusted. */
const untrusted = (more: object = {}): object => ({ code: 'repository_untrusted', ...more });

async function opened(options: RepositoryOptions = {}): Promise<string> {
  const repository = await Repository.open(folder, { user, ...options });
  await repository.close();
  return repository.folder;
}

/** Everything below a folder with its content. */
function contentOf(path: string): ReadonlyMap<string, string> {
  const names = readdirSync(path, { recursive: true }).map(String).sort();
  return new Map(
    names.map((name) => {
      const file = join(path, name);
      return [name, lstatSync(file).isFile() ? readFileSync(file, 'latin1') : ''];
    }),
  );
}

const parts = ['.dml', '.dml/store', '.dml/store/data.mdb'] as const;

describe('a repository with a part of another user', () => {
  it.each(parts)('(%s) is rejected and left as it is [DML-BND-0340]', async (part) => {
    const before = contentOf(folder);
    const path = give(join(folder, part));
    const refused = untrusted({ detail: 'other_owner', fields: { folder, path, uid: SOMEBODY } });
    for (const options of [{}, { readOnly: true }])
      await expect(opened(options)).rejects.toMatchObject(refused);
    await expect(Repository.open(join(folder, 'below'), { user })).rejects.toMatchObject(refused);
    owners.clear();
    expect(contentOf(folder)).toEqual(before);
    expect(await opened()).toBe(folder);
  });

  it('is no place for a backup [DML-BND-0382]', async () => {
    const source = await Repository.open(folder, { user });
    const target = join(root, 'backup');
    await source.backup(target);
    for (const part of parts) {
      const before = contentOf(target);
      give(join(target, part));
      const refused = untrusted({ fields: { path: join(target, part) } });
      await expect(source.backup(target)).rejects.toMatchObject(refused);
      expect(contentOf(target)).toEqual(before);
      owners.clear();
    }
    await source.backup(target);
    await source.close();
    give(join(target, '.dml'));
    const trusting = await Repository.open(folder, { user, trust: true });
    await trusting.backup(target);
    await trusting.close();
  });

  it('is told by a link in the place of ".dml", and by what that leads to [DML-BND-0340]', async () => {
    const mark = join(folder, '.dml');
    renameSync(mark, join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), mark);
    expect(await opened()).toBe(folder);
    for (const part of [mark, join(root, 'elsewhere')]) {
      give(part);
      await expect(opened()).rejects.toMatchObject(untrusted({ fields: { path: mark } }));
      owners.clear();
    }
  });

  it.each(parts)('that everybody may write to (%s) is rejected [DML-BND-0341]', async (part) => {
    const path = join(folder, part);
    const mode = lstatSync(path).mode & 0o777;
    chmodSync(path, mode | 0o002);
    const fields = { folder, path, uid: lstatSync(path).uid };
    for (const options of [{}, { readOnly: true }])
      await expect(opened(options)).rejects.toMatchObject(untrusted({ detail: 'writable_by_all', fields }));
    chmodSync(path, mode | 0o020);
    expect(await opened()).toBe(folder);
  });

  it('is opened when the caller trusts it [DML-BND-0349]', async () => {
    for (const part of parts) give(join(folder, part));
    chmodSync(join(folder, '.dml'), 0o777);
    expect(await opened({ trust: true })).toBe(folder);
    await expect(opened({ trust: false })).rejects.toMatchObject(untrusted());
  });

  it('is opened when its folder is on the list, by its real path [DML-BND-0342]', async () => {
    for (const part of parts) give(join(folder, part));
    chmodSync(join(folder, '.dml'), 0o777);
    const list = new TrustList(user.configFolder);
    symlinkSync(folder, join(root, 'link'));
    expect(list.add(join(root, 'link'))).toEqual({ path: folder, added: true });
    expect(await opened()).toBe(folder);
    const byLink = await Repository.open(join(root, 'link'), { user });
    await byLink.close();
    expect(list.remove(folder)).toEqual({ path: folder, removed: true });
    await expect(opened()).rejects.toMatchObject(untrusted());
    // Of others on the list none speaks for this one.
    for (const other of [root, join(folder, '.dml'), `${folder}-2`]) list.add(other);
    await expect(opened()).rejects.toMatchObject(untrusted());
  });

  it('is that of the superuser who was called by sudo from its owner [DML-BND-0344]', async () => {
    for (const part of parts) give(join(folder, part));
    vi.spyOn(process, 'geteuid').mockReturnValue(0);
    expect(await opened({ user: { ...user, sudoUid: SOMEBODY } })).toBe(folder);
    const refuses = (sudoUid?: number): Promise<void> =>
      expect(opened({ user: { ...user, sudoUid } })).rejects.toMatchObject(untrusted());
    for (const sudoUid of [undefined, SOMEBODY + 1]) await refuses(sudoUid);
    vi.spyOn(process, 'geteuid').mockReturnValue(SOMEBODY + 2);
    await refuses(SOMEBODY);
    const uids = ['1000', 'x1'].map((uid) => userContext({ SUDO_UID: uid }).sudoUid);
    expect(uids).toEqual([1000, undefined]);
  });
});

describe('Repository.init', () => {
  it('creates nothing in a ".dml" of another user or open to all [DML-BND-0345]', async () => {
    const place = join(root, 'new');
    const mark = join(place, '.dml');
    mkdirSync(mark, { recursive: true });
    give(mark);
    const fields = { folder: place, path: mark };
    await expect(Repository.init(place, { user })).rejects.toMatchObject(untrusted({ fields }));
    owners.clear();
    chmodSync(mark, 0o707);
    const open = untrusted({ fields, detail: 'writable_by_all' });
    await expect(Repository.init(place, { user })).rejects.toMatchObject(open);
    expect(readdirSync(mark)).toEqual([]);
    chmodSync(mark, 0o770);
    await (await Repository.init(place, { user })).close();
    expect(readdirSync(mark).sort()).toEqual(['.gitignore', 'store']);
  });

  it('follows no link in the place of ".gitignore" [DML-BND-0346]', async () => {
    const mark = join(root, 'new', '.dml');
    mkdirSync(mark, { recursive: true });
    const mine = join(root, 'mine.txt');
    writeFileSync(mine, 'mine');
    const place = join(mark, '.gitignore');
    const link = { code: 'store_damaged', detail: 'link', fields: { path: place } };
    for (const target of [mine, join(root, 'not-there'), root, place]) {
      symlinkSync(target, place);
      await expect(Repository.init(join(root, 'new'), { user })).rejects.toMatchObject(link);
      rmSync(place);
    }
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    expect([existsSync(join(root, 'not-there')), readdirSync(mark)]).toEqual([false, []]);
    writeFileSync(place, 'my own rules');
    await (await Repository.init(join(root, 'new'), { user })).close();
    expect(readFileSync(place, 'utf8')).toBe('my own rules');
  });
});

describe('the list of trusted repositories', () => {
  const lines = (): string => readFileSync(join(user.configFolder, 'trusted'), 'utf8');

  it('keeps every kind of path, and what was written by hand [DML-BND-0342]', () => {
    const list = new TrustList(user.configFolder);
    expect(list.paths()).toEqual([]);
    const paths = ['/srv/a b', '/srv/line\nbreak', '/srv/"quoted"', `/srv/${'x'.repeat(4000)}`];
    for (const added of [true, false])
      for (const path of paths) expect(list.add(path)).toEqual({ path, added });
    expect([list.paths(), paths.every((path) => list.has(path))]).toEqual([paths, true]);
    expect(lstatSync(join(user.configFolder, 'trusted')).mode & 0o777).toBe(0o600);
    writeFileSync(join(user.configFolder, 'trusted'), `# my own words\n\n${lines().trimEnd()}`);
    expect(list.add('/srv/last').added).toBe(true);
    expect(list.paths()).toEqual([...paths, '/srv/last']);
    expect(list.remove('/srv/a b').removed).toBe(true);
    expect(list.remove('/srv/a b').removed).toBe(false);
    expect(list.paths()).toEqual([...paths.slice(1), '/srv/last']);
    expect(lines()).toMatch(/^# my own words\n/);
    expect(readdirSync(user.configFolder)).toEqual(['trusted']);
  });

  it('that others may have written counts for nothing [DML-BND-0343]', async () => {
    new TrustList(user.configFolder).add(folder);
    give(join(folder, '.dml'));
    const file = join(user.configFolder, 'trusted');
    const unsafe = { code: 'trust_list_unsafe', fields: { path: file } };
    for (const mode of [0o620, 0o602, 0o666]) {
      chmodSync(file, mode);
      await expect(opened()).rejects.toMatchObject(unsafe);
      const list = new TrustList(user.configFolder);
      for (const change of [() => list.add('/srv'), () => list.remove(folder)])
        expect(change).toThrow(expect.objectContaining(unsafe));
    }
    chmodSync(file, 0o644);
    expect(await opened()).toBe(folder);
    give(file);
    await expect(opened()).rejects.toMatchObject(unsafe);
  });

  it('that cannot be read is told as that [DML-BND-0973]', async () => {
    give(join(folder, '.dml'));
    const file = join(user.configFolder, 'trusted');
    mkdirSync(user.configFolder, { recursive: true });
    symlinkSync(file, file);
    const unreadable = { code: 'trust_list_unreadable', fields: { path: file, reason: 'ELOOP' } };
    await expect(opened()).rejects.toMatchObject(unreadable);
    expect(() => new TrustList(user.configFolder).paths()).toThrow(expect.objectContaining(unreadable));
  });

  it('may be a link to where the user keeps it', () => {
    const kept = join(root, 'dotfiles');
    mkdirSync(kept);
    mkdirSync(user.configFolder, { recursive: true });
    writeFileSync(join(kept, 'trusted'), '', { mode: 0o600 });
    symlinkSync(join(kept, 'trusted'), join(user.configFolder, 'trusted'));
    const list = new TrustList(user.configFolder);
    for (const path of ['/srv/a', '/srv/b']) list.add(path);
    list.remove('/srv/a');
    expect(lstatSync(join(user.configFolder, 'trusted')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(kept, 'trusted'), 'utf8')).toBe('"/srv/b"\n');
  });

  it('is where the environment says [DML-BND-0347]', () => {
    const placeOf = (env: Record<string, string>): string | undefined =>
      new TrustList(userContext(env).configFolder).path;
    const inHome = '/home/me/.config/daggerml/trusted';
    expect(placeOf({ XDG_CONFIG_HOME: '/etc/me', HOME: '/home/me' })).toBe('/etc/me/daggerml/trusted');
    expect(placeOf({ HOME: '/home/me' })).toBe(inHome);
    expect(placeOf({ XDG_CONFIG_HOME: 'relative', HOME: '/home/me' })).toBe(inHome);
    for (const env of [{}, { HOME: '' }, { HOME: 'me' }]) expect(placeOf(env)).toBeUndefined();
    expect(() => new TrustList(undefined).add('/srv')).toThrow(
      expect.objectContaining({ code: 'no_user_folder' }),
    );
  });
});
