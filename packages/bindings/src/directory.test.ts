import { execFileSync } from 'node:child_process';
import fs, { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { RunEvent } from '@daggerml/execution';
import type { BlobHandle } from '@daggerml/values';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { captureRefusal, Project } from '../test/project.ts';
import type { Dag } from './dag.ts';
import type { Directory, DirectoryEntry, DirectoryOptions } from './directory.ts';
import type { RepositoryOptions } from './repository.ts';

let project: Project;
let dag: Dag;
beforeAll(async () => {
  project = await Project.create();
  dag = project.repository.newDag('work', { folder: project.folder });
});

const isBlob = (entry: DirectoryEntry): entry is BlobHandle => 'sizeBytes' in entry;

/** What a directory holds: text for files, `*` and text for executable ones, `-> path`, `{}` for empty folders. */
async function shown(value: Directory): Promise<Record<string, string>> {
  const entries = Object.entries(value).map(async ([path, entry]) => {
    if (isBlob(entry)) return [path, await entry.text()];
    if ('link' in entry) {
      expect(entry).toEqual({ link: entry.link });
      return [path, `-> ${entry.link}`];
    }
    if ('content' in entry) {
      expect(Object.keys(entry)).toEqual(['content', 'executable']);
      expect(entry.executable).toBe(true);
      return [path, `*${await (entry.content as BlobHandle).text()}`];
    }
    return [path, JSON.stringify(entry)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

const directory = async (path: string, options?: DirectoryOptions): Promise<Record<string, string>> =>
  shown(await (await dag.directory(path, options)).value());
const files = async (path: string, options?: DirectoryOptions): Promise<Record<string, string>> =>
  shown(await (await dag.files(path, options)).value());
const keys = async (path: string, options?: DirectoryOptions): Promise<string[]> =>
  Object.keys(await (await dag.directory(path, options)).value());

function link(path: string, target: string): void {
  const place = join(project.folder, path);
  mkdirSync(join(place, '..'), { recursive: true });
  symlinkSync(target, place);
}

function folder(path: string): void {
  mkdirSync(join(project.folder, path), { recursive: true });
}

const refusal = (capture: Promise<unknown>): Promise<string> => captureRefusal(project, capture);

/** Returns how both ways of capturing a path are refused. */
async function refusals(path: string, options?: DirectoryOptions): Promise<string[]> {
  return [await refusal(dag.directory(path, options)), await refusal(dag.files(path, options))];
}

const twice = (text: string): string[] => [text, text];

describe('Dag.files', () => {
  it('yields a map from path to blob, links followed [DML-BND-0906]', async () => {
    project.write('outside/deep/b.txt', 'b');
    project.write('links/a.txt', 'a');
    project.write('links/c/d/run.sh', 'run');
    chmodSync(join(project.folder, 'links/c/d/run.sh'), 0o755);
    folder('links/empty');
    link('links/again.txt', 'a.txt');
    link('links/inner', 'c/d');
    link('links/folder', '../outside/deep');
    link('links/b.txt', join(project.folder, 'outside/deep/b.txt'));
    expect(await files('links')).toEqual({
      'a.txt': 'a',
      'again.txt': 'a',
      'b.txt': 'b',
      'c/d/run.sh': 'run',
      'folder/b.txt': 'b',
      'inner/run.sh': 'run',
    });
    folder('nothing/below');
    expect(await files('nothing')).toEqual({});
  });
});

describe('Dag.directory', () => {
  it('yields files, kept links and empty folders, and nothing else [DML-BND-0919]', async () => {
    project.write('tree/a.txt', 'a');
    project.write('tree/b/c/d.txt', 'd');
    project.write('tree/b/.hidden', 'hidden');
    project.write('tree/empty.txt', '');
    folder('tree/e/f/empty');
    link('tree/b/link', '../a.txt');
    expect(await directory('tree')).toEqual({
      'a.txt': 'a',
      'b/.hidden': 'hidden',
      'b/c/d.txt': 'd',
      'b/link': '-> ../a.txt',
      'e/f/empty': '{}',
      'empty.txt': '',
    });
    folder('bare');
    expect(await directory('bare')).toEqual({});
  });

  it('tells executable files by the bit of the owner [DML-BND-0920]', async () => {
    const modes = [0o100, 0o4711, 0o611, 0o644, 0o655, 0o744, 0o755];
    for (const mode of modes) chmodSync(project.write(`modes/${mode.toString(8)}`, 'x'), mode);
    const expected = modes.map((mode) => [mode.toString(8), (mode & 0o100) === 0 ? 'x' : '*x']);
    expect(await directory('modes')).toEqual(Object.fromEntries(expected));
  });

  it('keeps links that stay inside, also those that lead nowhere or in a circle [DML-BND-0921]', async () => {
    const targets: Record<string, [target: string, kept: string]> = {
      'a/plain': ['b', 'b'],
      'a/up': ['../x/y', '../x/y'],
      'a/folder': ['..', '..'],
      'a/b/c/far': ['../../../x', '../../../x'],
      'a/dots': ['./././b/./c/.', 'b/c'],
      'a/slashes': ['b//c///d//', 'b/c/d'],
      'a/dangling': ['nowhere/at/all', 'nowhere/at/all'],
      circle: ['circle', 'circle'],
      one: ['other', 'other'],
      other: ['one', 'one'],
      'a/ä\u0308 ': ['e\u0301 .txt', 'e\u0301 .txt'],
    };
    for (const [path, [target]] of Object.entries(targets)) link(`kept/${path}`, target);
    const expected = Object.entries(targets).map(([path, [, kept]]) => [path, `-> ${kept}`]);
    expect(await directory('kept')).toEqual(Object.fromEntries(expected));
  });

  it('follows every other link [DML-BND-0922]', async () => {
    project.write('beyond/file', 'beyond');
    project.write('beyond/folder/in', 'in it');
    chmodSync(project.write('beyond/run', 'run'), 0o755);
    project.write('other/own', 'own');
    project.write('other/sub/deep', 'deep');
    const absolute = join(project.folder, 'other/own');
    link('other/1-up', '../beyond/file');
    link('other/2-absolute', join(project.folder, 'beyond/file'));
    link('other/3-absolute-inside', absolute);
    link('other/4-folder', '../beyond/folder');
    link('other/5-executable', '../beyond/run');
    link('other/6-detour', 'sub/../own');
    link('other/7-out-and-in', '../other/own');
    writeFileSync(join(project.folder, 'other/back\\slash'), 'back');
    link('other/8-backslash', 'back\\slash');
    symlinkSync(
      Buffer.concat([Buffer.from('../beyond/'), Buffer.from([0xff])]),
      join(project.folder, 'other/9-bytes'),
    );
    writeFileSync(Buffer.concat([Buffer.from(`${project.folder}/beyond/`), Buffer.from([0xff])]), 'bytes');
    const filter = (path: string): boolean => !path.startsWith('back');
    expect(await directory('other', { filter })).toEqual({
      '1-up': 'beyond',
      '2-absolute': 'beyond',
      '3-absolute-inside': 'own',
      '4-folder/in': 'in it',
      '5-executable': '*run',
      '6-detour': 'own',
      '7-out-and-in': 'own',
      '8-backslash': 'back',
      '9-bytes': 'bytes',
      own: 'own',
      'sub/deep': 'deep',
    });
    link('gone/link', '../nowhere');
    expect(await refusals('gone')).toEqual(twice('gone/link: it is a link to what is not there (ENOENT)'));
    // Inside, by a path that no text can say.
    project.write('bytes/a', '');
    symlinkSync(Buffer.from([0xff]), join(project.folder, 'bytes/link'));
    expect(await refusals('bytes')).toEqual(twice('bytes/link: it is a link to what is not there (ENOENT)'));
  });

  it('keeps a link in a linked folder when it stays inside of that one [DML-BND-0923]', async () => {
    project.write('x/data/a', 'a of x');
    link('x/data/inside', 'a');
    link('x/data/sub/inside', '../a');
    link('x/data/outside', '../near');
    project.write('x/near', 'near x');
    project.write('y/near', 'near y');
    link('y/deep/data', '../../x/data');
    expect(await directory('y')).toEqual({
      'deep/data/a': 'a of x',
      'deep/data/inside': '-> a',
      'deep/data/outside': 'near x',
      'deep/data/sub/inside': '-> ../a',
      near: 'near y',
    });
  });

  it('has an entry for a folder that holds nothing at all [DML-BND-0924]', async () => {
    folder('hollow/empty');
    folder('hollow/deep/er');
    project.write('hollow/only/node_modules/x.js', 'x');
    project.write('hollow/filtered/a.tmp', 'a');
    link('hollow/linked', '../bare-outside');
    folder('bare-outside');
    const filter = (path: string): boolean => !path.endsWith('.tmp');
    expect(await directory('hollow', { filter })).toEqual({ 'deep/er': '{}', empty: '{}', linked: '{}' });
    expect(await directory('hollow', { filter: (path) => path !== 'empty' && filter(path) })).toEqual({
      'deep/er': '{}',
      linked: '{}',
    });
    const own = await Project.create();
    mkdirSync(join(own.folder, 'inner/.dml/store'), { recursive: true });
    writeFileSync(join(own.folder, 'inner/.dml/store/data.mdb'), '');
    const inside = own.repository.newDag('inside');
    expect(Object.keys(await (await inside.directory(own.folder)).value())).toEqual(['steps.ts']);
    await inside.close();
  });

  it('has the value that files has for plain files, and the one it always had [DML-BND-0925]', async () => {
    for (let at = 0; at < 40; at += 1) project.write(`plain/${at % 7}/file ${at}.csv`, `content ${at}`);
    const handle = await dag.directory('plain');
    expect(handle.nodeId).toBe((await dag.files('plain')).nodeId);
    expect(handle.nodeId).toBe('12bb3bcd490201e3eb5056c13bbc3c7f83450b893e689814b6ae5561df583909');
    folder('plain/empty');
    expect((await dag.directory('plain')).nodeId).not.toBe(handle.nodeId);
    expect((await dag.files('plain')).nodeId).toBe(handle.nodeId);
  });

  it('keeps a link to what is left out [DML-BND-0927]', async () => {
    project.write('partly/a.csv', 'a');
    project.write('partly/b.tmp', 'b');
    project.write('partly/node_modules/x/cli.js', 'x');
    link('partly/bin/x', '../node_modules/x/cli.js');
    link('partly/latest', 'b.tmp');
    expect(await directory('partly', { filter: (path) => !path.endsWith('.tmp') })).toEqual({
      'a.csv': 'a',
      'bin/x': '-> ../node_modules/x/cli.js',
      latest: '-> b.tmp',
    });
  });

  it('stores paths as they are given [DML-BND-0929]', async () => {
    const names = 'e\u0301|\u00e8|\u212b|a b |.x|\u{1f600}|\ue000|\ufffd|new\nline|CON|x:y'.split('|');
    for (const name of names) {
      project.write(`given/${name}/${name}`, name);
      project.write(`given/${name}x`, name);
    }
    const expected = names.flatMap((name) => [`${name}/${name}`, `${name}x`]);
    for (const found of [await keys('given'), Object.keys(await files('given'))])
      expect(new Set(found)).toEqual(new Set(expected));
    const inOrder = [...expected].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    expect(await keys('given')).toEqual(inOrder);
  });
});

describe('Dag.directory and Dag.files', () => {
  it('refuse a link that is followed to a folder that it is in [DML-BND-0912]', async () => {
    project.write('cycle/inner/a.txt', 'a');
    link('cycle/inner/up', '..');
    expect(await refusal(dag.files('cycle'))).toBe('cycle/inner/up: it is a link to a folder that it is in');
    project.write('cycles/inner/a.txt', 'a');
    link('cycles/inner/up', join(project.folder, 'cycles'));
    link('around/again', '../around-too');
    link('around-too/again', '../around');
    expect(await refusals('cycles')).toEqual(
      twice('cycles/inner/up: it is a link to a folder that it is in'),
    );
    expect(await refusals('around')).toEqual(
      twice('around/again/again: it is a link to a folder that it is in'),
    );
    link('self', 'self');
    expect(await refusals('self')).toEqual(twice('self: ELOOP'));
  });

  it('refuse what is neither a file nor a folder [DML-BND-0907]', async () => {
    const server = createServer().listen(join(project.folder, project.write('socket/a', '') && 'socket/s'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await refusals('socket')).toEqual(twice('socket/s: it is neither a file nor a folder'));
    server.close();
    project.write('pipe/a', '');
    execFileSync('mkfifo', [join(project.folder, 'pipe/p')]);
    expect(await refusals('pipe')).toEqual(twice('pipe/p: it is neither a file nor a folder'));
    link('device/null', '/dev/null');
    expect(await refusals('device')).toEqual(twice('device/null: it is neither a file nor a folder'));
    project.write('broken/a', '');
    link('broken/link', 'nowhere');
    expect(await refusal(dag.files('broken'))).toBe(
      'broken/link: it is a link to what is not there (ENOENT)',
    );
    expect(await refusals('broken/a')).toEqual(twice('broken/a: ENOTDIR'));
  });

  it('leave out the repository, and nothing else [DML-BND-0913] [DML-BND-0917]', async () => {
    const own = await Project.create();
    own.write('.dml/notes.txt', 'of the repository');
    own.write('other/.dml/notes.txt', 'of no repository');
    own.write('other/.hidden', 'hidden');
    const inside = own.repository.newDag('inside');
    for (const handle of [await inside.directory(own.folder), await inside.files(own.folder)])
      expect(Object.keys(await handle.value())).toEqual([
        'other/.dml/notes.txt',
        'other/.hidden',
        'steps.ts',
      ]);
    await inside.close();
  });

  it('leave out .git and node_modules unless all is wanted [DML-BND-0915]', async () => {
    for (const path of ['kept.csv', '.git/HEAD', 'sub/node_modules/lib/index.js', 'work/.git', '.gitignore'])
      project.write(`tools/${path}`, path);
    link('tools/node_modules', '/nowhere');
    const plain = ['.gitignore', 'kept.csv'];
    expect([await keys('tools'), Object.keys(await files('tools'))]).toEqual([plain, plain]);
    expect((await refusals('tools', { all: true })).map((text) => text.slice(0, 29))).toEqual(
      twice('tools/node_modules: it is a l'),
    );
    const all = { all: true, filter: (path: string) => path !== 'node_modules' };
    const expected = ['.git/HEAD', '.gitignore', 'kept.csv', 'sub/node_modules/lib/index.js', 'work/.git'];
    expect([await keys('tools', all), Object.keys(await files('tools', all))]).toEqual([expected, expected]);
    expect(await keys('tools/sub/node_modules')).toEqual(['lib/index.js']);
  });

  it('leave out what a filter refuses, and ask it about entries only [DML-BND-0916]', async () => {
    for (const path of ['a.csv', 'b.tmp', 'deep/er/c.csv', 'deep/er/d.tmp'])
      project.write(`mixed/${path}`, path);
    execFileSync('mkfifo', [join(project.folder, 'mixed/pipe')]);
    folder('mixed/empty');
    link('mixed/link.csv', 'deep');
    link('mixed/other.tmp', 'deep/er/c.csv');
    link('mixed/gone.tmp', '/nowhere');
    const asked: string[] = [];
    const filter = (path: string): boolean => {
      asked.push(path);
      return path.endsWith('.csv');
    };
    expect(await keys('mixed', { filter })).toEqual(['a.csv', 'deep/er/c.csv', 'link.csv']);
    const inner = ['deep/er/c.csv', 'deep/er/d.tmp'];
    const both = ['a.csv', 'b.tmp', ...inner, 'gone.tmp', 'other.tmp', 'pipe'];
    expect(asked.splice(0).sort()).toEqual([...both, 'empty', 'link.csv'].sort());
    expect(Object.keys(await files('mixed', { filter }))).toEqual([
      'a.csv',
      'deep/er/c.csv',
      'link.csv/er/c.csv',
    ]);
    expect(asked.sort()).toEqual([...both, 'link.csv/er/c.csv', 'link.csv/er/d.tmp'].sort());
    const refused = new Error('no filter');
    const throwing = (): boolean => {
      throw refused;
    };
    await expect(dag.directory('mixed', { filter: throwing })).rejects.toBe(refused);
  });

  it('tell what they took and left out, and how far they have come [DML-BND-0918]', async () => {
    const events: RunEvent[] = [];
    for (let index = 0; index < 101; index++) project.write(`many/${index}.txt`, '');
    project.write('many/other.md', '');
    project.write('many/node_modules/x.js', '');
    folder('many/empty.txt');
    folder('many/other');
    link('many/link.txt', '1.txt');
    const heard = project.repository.newDag('heard', {
      folder: project.folder,
      onEvent: (event) => events.push(event),
    });
    const filter = (path: string): boolean => path.endsWith('.txt');
    const told = { type: 'directory-captured', path: 'many', leftOut: ['node_modules'] };
    const progress = { type: 'directory-progress', path: 'many', files: 100 };
    await heard.directory('many', { filter });
    const counts = { files: 101, readFiles: 101, links: 1, emptyFolders: 1, filteredFiles: 2 };
    expect(events.splice(0)).toMatchObject([progress, { ...told, ...counts }]);
    await heard.files('many', { filter });
    const followed = { files: 102, readFiles: 102, links: 0, emptyFolders: 0, filteredFiles: 1 };
    expect(events).toMatchObject([progress, { ...told, ...followed }]);
    await heard.close();
  });

  it('refuse a name that is not UTF-8 or not a path [DML-BND-0914]', async () => {
    project.write('names/a', '');
    writeFileSync(Buffer.concat([Buffer.from(join(project.folder, 'names/')), Buffer.from([0xff])]), '');
    expect(await refusals('names')).toEqual(twice('names/\ufffd: its name is not UTF-8'));
    project.write('slash/a\\b', '');
    folder('slash-folder/a\\b');
    link('slash-link/a\\b', 'c');
    for (const name of ['slash', 'slash-folder', 'slash-link']) {
      const refused = `${name}/a\\b: its name has a backslash, or is too long`;
      expect(await refusal(dag.directory(name))).toBe(refused);
    }
  });

  it('refuse two spellings of a path, with both names [DML-BND-0928]', async () => {
    const [one, other, kelvin] = ['e\u0301', '\u00e9', '\u212a'];
    const refused = (at: string, first = one): string =>
      `twice/${at}: its name is the same text as that of ${first}`;
    // Files, folders, folders alone, where the sign of the kelvin is an ASCII letter, and a file and a folder.
    const pairs: readonly [string, string, string][] = [
      [one, other, refused(other)],
      [`${one}/x`, `${other}/x`, refused(other)],
      ['in/K/a', `in/${kelvin}/b`, refused(`in/${kelvin}`, 'in/K')],
      [`${one}/x/y`, other, refused(other)],
    ];
    for (const [first, second, expected] of pairs) {
      for (const path of [first, second]) project.write(`twice/${path}`, path);
      expect(await refusals('twice')).toEqual(twice(expected));
      if (first === 'in/K/a')
        expect(await files('twice', { filter: (path) => !path.includes(kelvin) })).toEqual({
          [first]: first,
        });
      rmSync(join(project.folder, 'twice'), { recursive: true });
    }
    link(`twice/${one}`, 'x');
    folder(`twice/${other}`);
    expect(await refusal(dag.directory('twice'))).toBe(refused(other));
  });

  describe('of files that can be known again', () => {
    const nowMs = (): number => Date.now() + 60_000;
    let own: Project;
    beforeAll(async () => {
      // Wherever the tests run, and however young the files are.
      vi.spyOn(fs, 'statfsSync').mockReturnValue({ type: 0xef53 } as never);
      own = await Project.create({ nowMs });
      for (let at = 0; at < 100; at += 1) own.write(`data/${at}`, `${at}`);
      own.write('large', new Uint8Array(2_000_000));
    });
    afterAll(() => vi.restoreAllMocks());

    /** Captures all in a repository that is opened again; returns the ids and the numbers of files that were read. */
    async function capture(options: RepositoryOptions = {}): Promise<unknown[]> {
      await own.reopen({ nowMs, ...options });
      const events: RunEvent[] = [];
      const onEvent = (event: RunEvent): unknown => events.push(event);
      const again = own.repository.newDag('again', { folder: own.folder, onEvent });
      const handles = [await again.directory('data'), await again.files('data'), await again.file('large')];
      expect(Object.keys((await handles[0]!.value()) as object)).toHaveLength(100);
      await again.close();
      const ids = handles.map(({ nodeId }) => nodeId);
      return [ids, ...events.flatMap((event) => ('readFiles' in event ? [event.readFiles] : []))];
    }

    it('read every file again without the cache of files, or where nothing can be remembered [DML-BND-0933]', async () => {
      const [ids, ...first] = await capture({ readOnly: true });
      expect(first).toEqual([100, 100]);
      expect(await capture()).toEqual([ids, 100, 0]);
      expect(await capture({ fileCache: true })).toEqual([ids, 0, 0]);
      expect(await capture({ fileCache: false })).toEqual([ids, 100, 100]);
      expect((await capture({ readOnly: true }))[0]).toEqual(ids);
      // A file that looks as it did is taken for what it was, unless it is read.
      const seen = fs.statSync(join(own.folder, 'large'));
      own.write('large', new Uint8Array(2_000_000).fill(1));
      const look = vi.spyOn(fs, 'statSync').mockReturnValueOnce(seen as never);
      expect((await capture())[0]).toEqual(ids);
      look.mockReturnValueOnce(seen as never);
      expect((await capture({ fileCache: false }))[0]).not.toEqual(ids);
    });
  });
});
