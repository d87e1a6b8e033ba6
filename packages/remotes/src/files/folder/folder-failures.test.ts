import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  copiesOf,
  openFolder,
  openLogged,
  systemError,
  temporaryFolder,
} from '../../../test/folder-fixtures.ts';
import { FolderWriter } from '../../../test/folder-writer.ts';
import { checkPathOf, claimPath, segmentPath } from '../../testing/files-suite/paths.ts';
import { listAll, readMutableText, readText, swapAlone, utf8 } from '../../testing/files-suite/under-test.ts';
import type { RemoteFiles } from '../remote-files.ts';

const CURRENT = 'CURRENT.json';

interface Given {
  readonly files: RemoteFiles;
  /** Version of CURRENT. */
  readonly version: string;
}

/** Operations, and how a refusal names them. */
const OPERATIONS: Readonly<Record<string, { act: (given: Given) => Promise<unknown>; operation: string }>> = {
  read: { act: ({ files }) => files.read(segmentPath(1)), operation: `read ${segmentPath(1)}` },
  put: { act: ({ files }) => files.put(segmentPath(2), utf8('new')), operation: `write ${segmentPath(2)}` },
  readVersion: { act: ({ files }) => files.readVersion(CURRENT), operation: `read ${CURRENT}` },
  create: {
    act: ({ files }) => files.swap(claimPath(1), null, utf8('new')),
    operation: `write ${claimPath(1)}`,
  },
  replace: {
    act: ({ files, version }) => files.swap(CURRENT, version, utf8('new')),
    operation: `write ${CURRENT}`,
  },
  list: { act: ({ files }) => listAll(files, ''), operation: 'list' },
  remove: { act: ({ files }) => files.remove([segmentPath(1)]), operation: `delete ${segmentPath(1)}` },
  'remove of a check': {
    act: ({ files }) => files.remove([checkPathOf(1, 'json')]),
    operation: `delete ${checkPathOf(1, 'json')}`,
  },
  now: { act: ({ files }) => files.now(), operation: 'tell the time' },
};
const NAMES = Object.keys(OPERATIONS);

/** Makes a remote with a segment, CURRENT and a file of a check; returns its folder and the version of CURRENT. */
const prepare = copiesOf(async (path) => {
  const files = openFolder(path);
  await files.put(segmentPath(1), utf8('old'));
  await swapAlone(files, checkPathOf(1, 'json'), null, 'check');
  return { version: await swapAlone(files, CURRENT, null, 'old') };
});

/** Asserts that every file is as before or as after an operation, and that others can go on. */
async function assertWhole(path: string): Promise<void> {
  const files = openFolder(path);
  expect(['old', undefined]).toContain(await readText(files, segmentPath(1)));
  expect(['new', undefined]).toContain(await readText(files, segmentPath(2)));
  expect(['old', 'new']).toContain(await readMutableText(files, CURRENT));
  expect(['new', undefined]).toContain(await readMutableText(files, claimPath(1)));
  expect(['check', undefined]).toContain(await readMutableText(files, checkPathOf(1, 'json')));
  await files.put(segmentPath(3), utf8('x'));
}

async function outcomeOf(act: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    const answer = await act();
    const { outcome } = (answer ?? {}) as { outcome?: unknown };
    return outcome === undefined ? { answer } : { outcome };
  } catch (error) {
    const { code, fields } = error as { code?: unknown; fields?: unknown };
    return { code: code ?? `${error}`, fields };
  }
}

/** Runs an operation with a failure at each of its system calls in turn; gives each outcome to `judge`. */
async function failEach(
  name: string,
  errnos: readonly string[],
  judge: (outcome: Record<string, unknown>, call: string, path: string, errno: string) => Promise<void>,
): Promise<number> {
  for (let failAt = 0; ; failAt += 1) {
    const errno = errnos[failAt % errnos.length] as string;
    const { path, version } = await prepare();
    const { files, log } = openLogged(path, (number) => {
      if (number === failAt) throw systemError(errno);
    });
    const outcome = await outcomeOf(() => OPERATIONS[name]!.act({ files, version }));
    if (log.length <= failAt) return failAt;
    await assertWhole(path);
    await judge(outcome, log[failAt] as string, path, errno);
  }
}

const KNOWN_OUTCOMES = ['applied', 'refused', 'unknown', undefined];

describe('a system call that is refused', () => {
  it.each(NAMES)(
    'for lack of rights is reported with operation and remote, in %s [DML-REM-0611]',
    async (name) => {
      let refusals = 0;
      const calls = await failEach(name, ['EACCES'], async (outcome, call, path) => {
        expect(KNOWN_OUTCOMES).toContain(outcome.outcome);
        if (outcome.code !== undefined) {
          const { operation } = OPERATIONS[name]!;
          const fields = { remote: path, operation, reason: 'EACCES' };
          expect([call, outcome]).toEqual([call, { code: 'remote_refused', fields }]);
          refusals += 1;
        }
        // Never an absent file or a swap that others have won.
        expect(outcome.outcome).not.toBe('refused');
        if (name.startsWith('read')) expect([call, outcome.code]).toEqual([call, 'remote_refused']);
      });
      expect(refusals).toBeGreaterThan(calls / 3);
    },
  );

  it.each(NAMES)('for lack of space is reported as a full remote, in %s [DML-REM-0619]', async (name) => {
    await failEach(name, ['ENOSPC', 'EDQUOT', 'EFBIG'], async (outcome, call, path) => {
      if (outcome.code === undefined) return;
      expect([call, outcome.code]).toEqual([call, 'remote_full']);
      expect(readdirSync(join(path, CURRENT))).toHaveLength(2);
      // Nothing is left of what was not written.
      const left = readdirSync(join(path, 'tmp')).filter((entry) => !entry.endsWith('.old'));
      const isCleaning = /^(unlink|rmdir|names|open tmp\/)/.test(call);
      if (!isCleaning) expect([call, left]).toEqual([call, []]);
    });
  });

  it.each(NAMES)(
    'for another reason is a remote that cannot be reached, in %s [DML-REM-0612]',
    async (name) => {
      const errnos = ['EIO', 'ESTALE', 'ETIMEDOUT', 'EMFILE'];
      const calls = await failEach(name, errnos, async (outcome, call, _path, errno) => {
        expect(KNOWN_OUTCOMES).toContain(outcome.outcome);
        expect(outcome.outcome).not.toBe('refused');
        if (outcome.code === undefined) return;
        const fields = { ...(outcome.fields as object), reason: errno };
        expect([call, outcome]).toEqual([call, { code: 'remote_unreachable', fields }]);
      });
      expect(calls).toBeGreaterThan(3);
    },
  );

  it.each([
    ['EACCES', 'remote_refused'],
    ['ENOSPC', 'remote_full'],
    ['EXDEV', 'remote_unreachable'],
    ['EIO', 'unknown'],
  ])(
    'at the rename of a swap with %s is %s, since others had no effect [DML-REM-0602]',
    async (errno, end) => {
      const found: unknown[] = [];
      for (const name of ['create', 'replace']) {
        const { path, version } = await prepare();
        const { files } = openLogged(path, (_, call) => {
          if (call.startsWith('rename')) throw systemError(errno);
        });
        const outcome = await outcomeOf(() => OPERATIONS[name]!.act({ files, version }));
        found.push(outcome.outcome ?? outcome.code);
        expect(await readMutableText(files, claimPath(1))).toBeUndefined();
        expect(await readMutableText(files, CURRENT)).toBe('old');
      }
      expect(found).toEqual([end, end]);
    },
  );
});

describe('a system call that hangs', () => {
  /** Opens a remote of which one call hangs, and so has no more time; `letGo` carries it out after all. */
  function hanging(path: string, hangAt: number): ReturnType<typeof openLogged> & { letGo: () => boolean } {
    let onEnd = (): void => {};
    let letGo: (() => void) | undefined;
    const { files, log } = openLogged(
      path,
      (number) => {
        if (number !== hangAt) return;
        onEnd();
        return new Promise((resolve) => {
          letGo = resolve;
        });
      },
      {
        startTimer: (_, onEndOfCall) => {
          onEnd = onEndOfCall;
          return () => {};
        },
      },
    );
    return {
      files,
      log,
      letGo: () => {
        letGo?.();
        return letGo !== undefined;
      },
    };
  }

  it.each(NAMES)('ends %s when its limit has passed [DML-REM-0607] [DML-REM-0624]', async (name) => {
    for (let hangAt = 0; ; hangAt += 1) {
      const { path, version } = await prepare();
      const { files, log, letGo } = hanging(path, hangAt);
      const outcome = await outcomeOf(() => OPERATIONS[name]!.act({ files, version }));
      const call = log[hangAt] as string;
      const hasRenamed = log.slice(0, hangAt + 1).some((each) => each.startsWith('rename'));
      const isSwap = name === 'create' || name === 'replace';
      // Whoever cleans up after a success has succeeded.
      const isCleaning = hasRenamed && /^(unlink|rmdir|names tmp\/|open tmp\/)/.test(call);
      const before = await readMutableText(openFolder(path), CURRENT);
      // The call takes effect now, as one that was on its way to a server.
      if (!letGo()) break;
      if (!isCleaning)
        expect([call, outcome.outcome ?? outcome.code]).toEqual([
          call,
          isSwap && hasRenamed ? 'unknown' : 'remote_unreachable',
        ]);
      await openFolder(path).put(segmentPath(3), utf8('x'));
      await assertWhole(path);
      // What was given up before its rename never happens.
      if (!hasRenamed)
        expect([before, await readMutableText(openFolder(path), CURRENT)]).toEqual(['old', 'old']);
    }
  });

  it('has limits of its own, which the system keeps, and cannot be reached after them [DML-REM-0607] [DML-REM-0612]', async () => {
    const { path } = await prepare();
    const { files } = openLogged(path, () => new Promise(() => {}), { limitMs: 20 });
    await expect(files.read(segmentPath(1))).rejects.toMatchObject({
      code: 'remote_unreachable',
      fields: {
        remote: path,
        operation: `read ${segmentPath(1)}`,
        reason: 'no answer to open within 0.02 s',
      },
    });
  });
});

const isRoot = process.geteuid?.() === 0;
const canMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;

describe('a folder that takes no more', () => {
  it('is reported as full and left without half files [DML-REM-0619]', async () => {
    const base = temporaryFolder();
    const folder = join(base, 'remote');
    mkdirSync(folder);
    const text = 'x'.repeat(100_000);
    // A file system of its own where that can be made, and a limit on the size of a file elsewhere.
    const refusing = canMount
      ? ['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=64k none "${folder}" && exec "$@"`, 'sh']
      : ['sh', '-c', 'trap "" XFSZ; ulimit -f 100; exec "$@"', 'sh'];
    const put = new FolderWriter({ folder, path: segmentPath(1), job: 'fill', text }, refusing);
    const end = await put.end();
    expect(end).toEqual({ kind: 'filled', codes: ['remote_full', 'remote_full', 'remote_full'], left: [] });
  });
});

describe('a folder without rights', () => {
  /** Starts a process that may not do everything: of another user where this one may do anything. */
  const unprivileged = isRoot ? ['setpriv', '--reuid=61001', '--regid=61001', '--clear-groups'] : [];

  it('for writing is refused with the operation, and can be read [DML-REM-0611]', async () => {
    const { path, version } = await prepare();
    for (const folder of [dirname(path), path]) chmodSync(folder, 0o755);
    const folders = ['', CURRENT, 'check', 'segments', 'tmp'].map((name) => join(path, name));
    for (const folder of folders) chmodSync(folder, 0o555);
    const run = (order: object): Promise<unknown> =>
      new FolderWriter({ folder: path, path: segmentPath(1), job: 'put', ...order }, unprivileged).end();
    expect(await run({ job: 'read' })).toEqual({ kind: 'done', outcome: 'old' });
    const refused = { kind: 'failed', code: 'remote_refused' };
    expect(await run({ job: 'put', path: segmentPath(2) })).toMatchObject(refused);
    expect(await run({ job: 'swap', path: CURRENT, expected: version })).toMatchObject(refused);
    expect(await run({ job: 'swap', path: claimPath(1), expected: null })).toMatchObject(refused);
    for (const folder of folders) chmodSync(folder, 0o755);
  });

  it('for reading is refused, and not empty [DML-REM-0611]', async () => {
    const { path } = await prepare();
    chmodSync(dirname(path), 0o755);
    const reading = { folder: path, path: segmentPath(1), job: 'read' } as const;
    for (const closed of [path, join(path, 'segments')]) {
      chmodSync(closed, 0o000);
      const end = await new FolderWriter(reading, unprivileged).end();
      chmodSync(closed, 0o755);
      expect(end).toMatchObject({ kind: 'failed', code: 'remote_refused' });
    }
  });
});

describe('the folder of a remote', () => {
  it('is made by the first write where only itself is missing [DML-REM-0625]', async () => {
    const base = temporaryFolder();
    const files = openFolder(join(base, 'new'));
    expect(await files.read(segmentPath(1))).toBeUndefined();
    expect(await files.readVersion(CURRENT)).toBeUndefined();
    expect(await listAll(files, '')).toEqual([]);
    await files.remove([segmentPath(1)]);
    expect(await files.swap(CURRENT, '0'.repeat(32), utf8('x'))).toEqual({ outcome: 'refused' });
    expect(readdirSync(base)).toEqual([]);
    await files.put(segmentPath(1), utf8('x'));
    expect(readdirSync(base)).toEqual(['new']);
    await swapAlone(openFolder(join(base, 'other')), CURRENT, null, 'x');
    expect(readdirSync(base).sort()).toEqual(['new', 'other']);
  });

  it('is not made where its parent is missing, or something else is there [DML-REM-0625] [DML-REM-1886]', async () => {
    const base = temporaryFolder();
    writeFileSync(join(base, 'file'), 'mine');
    const missing = { code: 'remote_missing' };
    const parent = join(base, 'not');
    const places = [
      { path: join(parent, 'there'), error: { ...missing, detail: 'parent', fields: { parent } } },
      { path: join(base, 'file'), error: { ...missing, detail: 'not_a_folder' } },
      { path: join(base, 'file', 'below'), error: { ...missing, detail: 'not_a_folder' } },
    ];
    for (const { path, error } of places) {
      const files = openFolder(path);
      await expect(files.put(segmentPath(1), utf8('x'))).rejects.toMatchObject(error);
      await expect(files.swap(CURRENT, null, utf8('x'))).rejects.toMatchObject(error);
      await expect(files.now()).rejects.toMatchObject(missing);
    }
    expect(await openFolder(join(base, 'not', 'there')).read(segmentPath(1))).toBeUndefined();
    await expect(openFolder(join(base, 'file')).read(segmentPath(1))).rejects.toMatchObject(missing);
    expect(readdirSync(base)).toEqual(['file']);
  });
});
