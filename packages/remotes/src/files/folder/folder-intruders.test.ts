import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentsOf, copiesOf, openFolder, openLogged } from '../../../test/folder-fixtures.ts';
import { encodeState } from '../../format/state.ts';
import { EMPTY_STATE } from '../../state/read-snapshot.ts';
import { checkPathOf, claimPath, execPath, segmentPath, statePath } from '../../testing/files-suite/paths.ts';
import { listAll, readMutableText, readText, swapAlone, utf8 } from '../../testing/files-suite/under-test.ts';
import type { RemoteFiles } from '../remote-files.ts';

const CURRENT = 'CURRENT.json';

const newRemote = copiesOf(async (path) => {
  const files = openFolder(path);
  await files.put(segmentPath(1), utf8('old'));
  await swapAlone(files, checkPathOf(1, 'json'), null, 'check');
  await swapAlone(files, claimPath(1), null, 'claim');
  return { version: await swapAlone(files, CURRENT, null, 'old') };
});

/** Makes a remote with one file of each sort, and a folder of somebody else which nothing may touch. */
async function prepare(): Promise<{ path: string; mine: string; version: string }> {
  const { path, version } = await newRemote();
  const mine = join(dirname(path), 'mine');
  mkdirSync(mine);
  // What a link leads to has the names of what it takes the place of.
  for (const name of [segmentPath(1), claimPath(1)].map((file) => file.split('/')[1] as string))
    writeFileSync(join(mine, name), 'secret');
  for (const name of readdirSync(join(path, CURRENT))) writeFileSync(join(mine, name), 'secret');
  writeFileSync(join(mine, 'a'.repeat(32)), 'secret');
  return { path, mine, version };
}

const ACTS: readonly ((files: RemoteFiles, version: string) => Promise<unknown>)[] = [
  (files) => readText(files, segmentPath(1)),
  (files) => files.put(segmentPath(1), utf8('new')),
  (files) => files.put(segmentPath(2), utf8('new')),
  (files) => readMutableText(files, CURRENT),
  (files) => readMutableText(files, claimPath(1)),
  (files, version) => files.swap(CURRENT, version, utf8('new')),
  (files) => files.swap(CURRENT, null, utf8('new')),
  (files) => files.swap(claimPath(2), null, utf8('new')),
  (files) => files.now(),
  (files) => listAll(files, ''),
  (files) => listAll(files, 'segments/'),
  (files) => listAll(files, 'claims/'),
  (files) => files.remove([segmentPath(1)]),
  (files) => files.remove([checkPathOf(1, 'json')]),
];

/** Does everything with a remote; returns the codes of failures and what was read, for a look at secrets. */
async function doAll(files: RemoteFiles, version: string): Promise<{ codes: Set<unknown>; answers: string }> {
  const codes = new Set<unknown>();
  const answers: unknown[] = [];
  for (const act of ACTS) {
    try {
      answers.push(await act(files, version));
    } catch (error) {
      codes.add((error as { code?: unknown }).code ?? error);
    }
  }
  return { codes, answers: JSON.stringify(answers) };
}

/** Places in a remote that somebody else may put a link into; empty names stand for the version in effect. */
function placesIn(path: string): string[] {
  const marked = readdirSync(join(path, CURRENT)).map((name) => join(CURRENT, name));
  return [
    'segments',
    'claims',
    'check',
    'tmp',
    CURRENT,
    segmentPath(1),
    claimPath(1),
    checkPathOf(1, 'json'),
    ...marked,
  ];
}

const LINKS: Readonly<Record<string, (mine: string) => string>> = {
  'a folder': (mine) => mine,
  'a file': (mine) => join(mine, 'a'.repeat(32)),
  nothing: (mine) => join(mine, 'not-there'),
};

describe.each([false, true])('a link in the folder of a remote, reached by paths: %s', (isByPath) => {
  it.each(Object.keys(LINKS))('to %s is followed nowhere [DML-REM-0618]', async (kind) => {
    const placeCount = placesIn((await prepare()).path).length;
    for (let index = 0; index < placeCount; index += 1) {
      const { path, mine, version } = await prepare();
      const place = placesIn(path)[index] as string;
      const before = contentsOf(mine);
      rmSync(join(path, place), { recursive: true });
      symlinkSync(LINKS[kind]!(mine), join(path, place));
      const { codes, answers } = await doAll(openFolder(path, { isByPath }), version);
      expect([place, contentsOf(mine)]).toEqual([place, before]);
      expect(answers).not.toContain('secret');
      expect([...codes].filter((code) => code !== 'remote_damaged')).toEqual([]);
      expect(existsSync(join(mine, 'not-there'))).toBe(false);
    }
  });

  it('is reported as damage where a file or folder should be [DML-REM-0628]', async () => {
    const { path, mine } = await prepare();
    const files = openFolder(path, { isByPath });
    const damaged = (file: string, detail: string): object => ({
      code: 'remote_damaged',
      detail,
      fields: { remote: path, path: file },
    });
    rmSync(join(path, segmentPath(1)));
    symlinkSync(join(mine, 'a'.repeat(32)), join(path, segmentPath(1)));
    await expect(files.read(segmentPath(1))).rejects.toMatchObject(damaged(segmentPath(1), 'link'));
    rmSync(join(path, CURRENT), { recursive: true });
    symlinkSync(mine, join(path, CURRENT));
    await expect(files.readVersion(CURRENT)).rejects.toMatchObject(damaged(CURRENT, 'link'));
    rmSync(join(path, 'segments'), { recursive: true });
    symlinkSync(mine, join(path, 'segments'));
    await expect(files.read(segmentPath(1))).rejects.toMatchObject(damaged('segments', 'link'));
    await expect(listAll(files, 'segments/')).rejects.toMatchObject(damaged('segments', 'link'));
    expect((await listAll(files, '')).map(([file]) => file)).toContain('segments');
  });

  it('above the folder and in its place is the way that the user named', async () => {
    const { path } = await prepare();
    const link = join(dirname(path), 'link');
    symlinkSync(path, link);
    const files = openFolder(link, { isByPath });
    expect(await readText(files, segmentPath(1))).toBe('old');
    await files.put(segmentPath(2), utf8('new'));
    expect(readFileSync(join(path, segmentPath(2)), 'utf8')).toBe('new');
  });
});

describe('a folder that is replaced by a link at any moment', () => {
  it.each(['segments', 'claims', 'check', 'tmp', CURRENT])(
    'leads nowhere else: %s [DML-REM-0618]',
    async (place) => {
      for (const [index, act] of ACTS.entries()) {
        const whole = await prepare();
        const undisturbed = openLogged(whole.path);
        await act(undisturbed.files, whole.version);
        // Before its first step there, the link is found as it would be without a race.
        let switchAt = undisturbed.log.findIndex((call) => call.includes(` ${place}`));
        for (; switchAt !== -1; switchAt += 1) {
          const { path, mine, version } = await prepare();
          const before = contentsOf(mine);
          const { files, log } = openLogged(path, (number) => {
            if (number !== switchAt) return;
            renameSync(join(path, place), join(path, 'moved'));
            symlinkSync(mine, join(path, place));
          });
          const answer = await act(files, version).catch((error: { code?: unknown }) => error.code);
          expect([index, switchAt, contentsOf(mine)]).toEqual([index, switchAt, before]);
          expect(JSON.stringify(answer) ?? '').not.toContain('secret');
          if (log.length <= switchAt) break;
        }
      }
    },
  );

  it('is noticed before each step where folders are reached by paths [DML-REM-0618]', async () => {
    const { path, mine } = await prepare();
    const before = contentsOf(mine);
    let isHeld = false;
    const { files } = openLogged(
      path,
      (_, call) => {
        isHeld ||= call === 'open segments';
        if (!isHeld || !call.startsWith('write tmp/')) return;
        renameSync(join(path, 'segments'), join(path, 'moved'));
        symlinkSync(mine, join(path, 'segments'));
      },
      { isByPath: true },
    );
    await expect(files.put(segmentPath(2), utf8('new'))).rejects.toMatchObject({ code: 'remote_damaged' });
    expect(contentsOf(mine)).toEqual(before);
  });
});

describe('anything else in the folder of a remote', () => {
  it('is reported in the place of a file or folder, without waiting for it [DML-REM-0628]', async () => {
    const { path } = await prepare();
    const files = openFolder(path);
    const codeAndDetail = async (act: () => Promise<unknown>): Promise<unknown> => {
      const error = await act().catch((each: unknown) => each);
      const { code, detail } = error as { code?: unknown; detail?: unknown };
      return [code, detail];
    };
    const segment = join(path, segmentPath(1));
    rmSync(segment);
    mkdirSync(segment);
    expect(await codeAndDetail(() => files.read(segmentPath(1)))).toEqual(['remote_damaged', 'not_a_file']);
    expect(await codeAndDetail(() => files.put(segmentPath(1), utf8('x')))).toEqual([
      'remote_damaged',
      'not_a_file',
    ]);
    expect(await codeAndDetail(() => files.remove([segmentPath(1)]))).toEqual([
      'remote_damaged',
      'not_a_file',
    ]);
    expect(readdirSync(join(path, 'tmp'))).toEqual([]);
    rmSync(segment, { recursive: true });
    spawnSync('mkfifo', [segment]);
    expect(await codeAndDetail(() => files.read(segmentPath(1)))).toEqual(['remote_damaged', 'not_a_file']);
    await files.put(segmentPath(1), utf8('whole'));
    expect(await readText(files, segmentPath(1))).toBe('whole');
    truncateSync(segment, 2 ** 31 + 1);
    expect(await codeAndDetail(() => files.read(segmentPath(1)))).toEqual(['remote_damaged', 'too_large']);
    expect(await readText(files, segmentPath(1), { offset: 0, length: 5 })).toBe('whole');
    // As in a folder whose files were copied from a bucket.
    rmSync(join(path, CURRENT), { recursive: true });
    writeFileSync(join(path, CURRENT), '{}');
    const notAFolder = ['remote_damaged', 'not_a_folder'];
    expect(await codeAndDetail(() => files.readVersion(CURRENT))).toEqual(notAFolder);
    expect(await codeAndDetail(() => files.swap(CURRENT, null, utf8('x')))).toEqual(notAFolder);
    expect(await codeAndDetail(() => files.swap(CURRENT, 'a'.repeat(32), utf8('x')))).toEqual(notAFolder);
    rmSync(join(path, 'claims'), { recursive: true });
    writeFileSync(join(path, 'claims'), '');
    expect(await codeAndDetail(() => files.swap(claimPath(1), null, utf8('x')))).toEqual(notAFolder);
    expect(await codeAndDetail(() => listAll(files, 'claims/'))).toEqual(notAFolder);
  });

  it('is listed by its name, and a strange folder by that alone [DML-REM-0627]', async () => {
    const { path } = await prepare();
    const files = openFolder(path);
    const ours = (await listAll(files, '')).map(([file]) => file);
    const strange = [
      '..hidden',
      'a b\n\u0007',
      'notes.txt',
      `segments/${'x'.repeat(250)}`,
      'segments/..',
      'states',
    ];
    for (const name of strange) if (!existsSync(join(path, name))) writeFileSync(join(path, name), 'xyz');
    writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0xfe])]), '');
    for (const name of ['photos', 'segments/photos', 'claims/photos']) {
      mkdirSync(join(path, name));
      writeFileSync(join(path, name, 'one'), '');
    }
    writeFileSync(join(path, 'segments', '.nfs00000000000000010000'), '');
    const listed = (await listAll(files, '')).map(([file]) => file);
    expect(listed.filter((file) => !ours.includes(file)).sort()).toEqual(
      [
        '..hidden',
        'a b\n\u0007',
        'claims/photos/',
        'notes.txt',
        'photos/',
        `segments/${'x'.repeat(250)}`,
        'segments/photos/',
        'states',
        '\ufffd\ufffd',
      ].sort(),
    );
    expect(ours.filter((file) => !listed.includes(file))).toEqual([]);
    expect(await readMutableText(files, CURRENT)).toBe('old');
  });

  it('stays where a swap deletes what it replaced, and is no version [DML-REM-0622]', async () => {
    const { path, version } = await prepare();
    const names = ['x.current', `${'A'.repeat(32)}.none.current`, `${'a'.repeat(32)}.none.current.tmp`];
    for (const name of names) writeFileSync(join(path, CURRENT, name), '');
    const files = openFolder(path);
    await swapAlone(files, CURRENT, version, 'new');
    expect(await readMutableText(files, CURRENT)).toBe('new');
    for (const name of names) expect(existsSync(join(path, CURRENT, name))).toBe(true);
  });
});

describe('a mutable file that is damaged', () => {
  const markerIn = (folder: string): string =>
    readdirSync(folder).find((name) => name.endsWith('.current')) as string;

  it('has no version, several, or no content, and is never absent or replaced [DML-REM-0623]', async () => {
    const damages: Record<string, (folder: string) => void> = {
      no_version: (folder) => rmSync(join(folder, markerIn(folder))),
      several_versions: (folder) => writeFileSync(join(folder, `${'a'.repeat(32)}.none.current`), ''),
      no_content: (folder) => {
        for (const name of readdirSync(folder)) if (name.endsWith('.json')) rmSync(join(folder, name));
      },
    };
    for (const [detail, damage] of Object.entries(damages)) {
      const { path, version } = await prepare();
      const folder = join(path, CURRENT);
      damage(folder);
      const left = contentsOf(folder);
      const files = openFolder(path);
      const damaged = { code: 'remote_damaged', detail, fields: { remote: path, path: CURRENT } };
      await expect(files.readVersion(CURRENT)).rejects.toMatchObject(damaged);
      if (detail !== 'no_content') {
        await expect(files.swap(CURRENT, version, utf8('new'))).rejects.toMatchObject(damaged);
        await expect(files.swap(CURRENT, null, utf8('new'))).rejects.toMatchObject(damaged);
      }
      expect(contentsOf(folder)).toEqual(left);
      // A listing shows it all the same.
      expect(await listAll(files, '')).toContainEqual([CURRENT, detail === 'no_content' ? 0 : 0]);
    }
  });

  it('is not one that was seen in the middle of renames [DML-REM-0623]', async () => {
    const { path, version } = await prepare();
    const folder = join(path, CURRENT);
    let looks = 0;
    const marker = markerIn(folder);
    const { files } = openLogged(path, (_, call) => {
      if (call !== `names ${CURRENT}`) return;
      looks += 1;
      // First there are two, then none, then one.
      if (looks === 1) writeFileSync(join(folder, `${'a'.repeat(32)}.none.current`), '');
      if (looks === 2) {
        rmSync(join(folder, `${'a'.repeat(32)}.none.current`));
        renameSync(join(folder, marker), join(folder, 'away'));
      }
      if (looks === 3) renameSync(join(folder, 'away'), join(folder, marker));
    });
    expect(await files.readVersion(CURRENT, version)).toBe('unchanged');
    expect(looks).toBe(3);
  });

  it('is absent when it was deleted in the middle of a look', async () => {
    const { path } = await prepare();
    const file = checkPathOf(1, 'json');
    const other = openFolder(path);
    const { files } = openLogged(path, async (_, call) => {
      if (call === `names ${file}`) await other.remove([file]);
    });
    expect(await files.readVersion(file)).toBeUndefined();
  });
});

describe('names in a folder', () => {
  it('hold no names of refs, of which two may differ only in case [DML-REM-0422]', async () => {
    const { path } = await prepare();
    const files = openFolder(path);
    const refs = { 'heads/Main': 'a'.repeat(64), 'heads/main': 'b'.repeat(64) } as never;
    const { name, bytes } = encodeState({ ...EMPTY_STATE, sequence: 0, refs });
    await files.put(`states/${name}.json`, bytes);
    expect(await files.read(`states/${name}.json`)).toEqual(new Uint8Array(bytes));
    expect(JSON.parse(Buffer.from(bytes).toString('utf8')).refs).toEqual(refs);
    const names = Object.keys(contentsOf(path)).map((each) => each.replace(/^CURRENT\.json/, ''));
    await swapAlone(files, execPath(1), null, 'x');
    await files.put(statePath(5), utf8('x'));
    for (const each of names) expect(each).toBe(each.toLowerCase());
    expect(new Set(names.map((each) => each.toLowerCase())).size).toBe(names.length);
  });
});
