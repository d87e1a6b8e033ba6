import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Repository } from '@daggerml/bindings';
import { FaultServer } from '@daggerml/remotes/testing';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

const STEPS = `import { createHash } from 'node:crypto';
export const digest = async (data: { bytes(): Promise<Uint8Array> }, salt: number) =>
  createHash('sha256').update(await data.bytes()).update(String(salt)).digest('hex');
`;

const PIPELINES = `import { blob, definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./partial.steps.ts')>(new URL('./partial.steps.ts', import.meta.url));
const content = (seed: number) => {
  const bytes = Buffer.alloc(300_000);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at + seed + 1, 2654435761) >>> 0, at);
  return bytes;
};
export const data = definePipeline('data', { parameters: { seed: 1 } }, (dag, { seed }) => {
  dag.name('small', dag.literal(blob('small content')));
  return dag.literal(blob(content(seed)));
});
export const uses = definePipeline('uses', { parameters: { salt: 1 } }, (dag, { salt }) =>
  dag.call(steps.digest, dag.import('data').root, salt));
`;

/** Returns the blob that the pipeline makes of a seed. */
function content(seed: number): Buffer {
  const bytes = Buffer.alloc(300_000);
  for (let at = 0; at < bytes.length; at += 4)
    bytes.writeUInt32LE(Math.imul(at + seed + 1, 2654435761) >>> 0, at);
  return bytes;
}

interface Team {
  readonly folder: string;
  readonly shared: string;
  readonly ours: TestRepository;
}

let team: Team;

function writeSources(folder: string): void {
  writeFileSync(join(folder, 'partial.steps.ts'), STEPS);
  writeFileSync(join(folder, 'partial.ts'), PIPELINES);
}

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml partial ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  const ours = await TestRepository.create();
  writeSources(ours.folder);
  for (const seed of [1, 2, 3]) await ours.ok('run', 'partial.ts', 'data', '--param', `seed=${seed}`);
  team = { folder, shared: join(folder, 'shared'), ours };
  await ours.ok('remote', 'add', 'origin', team.shared);
  await ours.ok('push');
});

interface Cloned {
  readonly theirs: TestRepository;
  readonly stdout: string;
  readonly stderr: string;
}

async function cloned(...options: string[]): Promise<Cloned> {
  const theirs = new TestRepository();
  rmSync(theirs.folder, { recursive: true });
  const argv = ['clone', ...options, team.shared, theirs.folder];
  const { exitCode, stdout, stderr } = await dml(argv, { cwd: team.folder });
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
  writeSources(theirs.folder);
  return { theirs, stdout, stderr };
}

async function clone(...options: string[]): Promise<TestRepository> {
  return (await cloned(...options)).theirs;
}

interface NotHere {
  readonly objects: number;
  readonly commits: number;
}

async function notHere(repository: TestRepository): Promise<NotHere> {
  return (await repository.json<{ notHere: NotHere }>('status')).notHere;
}

/** Flips a bit in every record of the segments. */
function tamper(): void {
  const segments = join(team.shared, 'segments');
  for (const name of readdirSync(segments)) {
    const path = join(segments, name);
    chmodSync(path, 0o600);
    writeFileSync(
      path,
      readFileSync(path).map((byte) => byte ^ 1),
    );
  }
}

describe('dml clone', () => {
  it('leaves out old commits and large blobs, and says how many [DML-CLI-1260] [DML-CLI-1267]', async () => {
    const { theirs, stderr } = await cloned('--depth', '2', '--blob-limit', '100k');
    const { objects, commits } = await notHere(theirs);
    expect(commits).toBe(1);
    expect(objects).toBeGreaterThan(5);
    expect(stderr).toContain(`${objects} objects left out, read on demand; "dml fetch --missing" brings all`);
    expect(await theirs.json<unknown[]>('log')).toHaveLength(3);
    expect((await theirs.dml(['cat', 'data#small'])).stdout).toBe('small content');
    expect((await notHere(theirs)).objects).toBe(objects);
    expect(await notHere(await clone())).toEqual({ objects: 0, commits: 0 });
  });

  it('takes sizes as git does [DML-CLI-1261]', async () => {
    for (const size of ['300000', '293k', '293KiB', '1m', '1MiB', '1GB', '1T'])
      expect(await notHere(await clone('--blob-limit', size)), size).toEqual({ objects: 0, commits: 0 });
    for (const size of ['299999', '292k', '292KIB', '0'])
      expect((await notHere(await clone('--blob-limit', size))).objects, size).toBeGreaterThan(0);
    const { exitCode, stderr } = await dml(['clone', '--blob-limit', '1x', team.shared, 'x'], {
      cwd: team.folder,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--blob-limit takes a size such as 500000, 64k or 1MiB, not "1x"');
  });

  it('takes filters as git writes them [DML-CLI-1271]', async () => {
    expect((await notHere(await clone('--filter', 'blob:limit=100k'))).objects).toBeGreaterThan(0);
    expect((await notHere(await clone('--filter', 'blob:limit=1m'))).objects).toBe(0);
    expect((await notHere(await clone('--filter', 'blob:none'))).objects).toBeGreaterThan(0);
    for (const filter of ['tree:0', 'blob:limit=', 'blob:limit=x']) {
      const argv = ['clone', '--filter', filter, team.shared, 'x'];
      expect((await dml(argv, { cwd: team.folder })).exitCode, filter).toBe(2);
    }
    const both = ['clone', '--filter', 'blob:none', '--blob-limit', '1m', team.shared, 'x'];
    expect((await dml(both, { cwd: team.folder })).exitCode).toBe(2);
  });

  it.each(['fetch', 'pull'])(
    'says of a dml %s how many objects it has left out and how they are brought [DML-CLI-1267]',
    async (command) => {
      const theirs = await clone('--blob-limit', '100k');
      const before = (await notHere(theirs)).objects;
      await team.ours.ok('run', 'partial.ts', 'data', '--param', 'seed=4');
      await team.ours.ok('push');
      const { exitCode, stderr } = await theirs.dml([command]);
      expect(exitCode).toBe(0);
      const left = (await notHere(theirs)).objects - before;
      expect(left).toBeGreaterThan(0);
      expect(stderr).toContain(`${left} objects left out, read on demand; "dml fetch --missing" brings all`);
      expect((await theirs.dml([command])).stderr).not.toContain('left out');
      await team.ours.ok('run', 'partial.ts', 'data', '--param', 'seed=5');
      await team.ours.ok('push');
      const { leftOut } = await theirs.json<{ leftOut: number }>(command);
      expect(leftOut).toBe((await notHere(theirs)).objects - before - left);
    },
  );

  it('keeps its limit for later fetches, until all was brought [DML-CLI-1263] [DML-CLI-1266]', async () => {
    const theirs = await clone('--blob-limit', '100k');
    const before = (await notHere(theirs)).objects;
    await team.ours.ok('run', 'partial.ts', 'data', '--param', 'seed=4');
    await team.ours.ok('push');
    await theirs.ok('pull');
    const after = (await notHere(theirs)).objects;
    expect(after).toBeGreaterThan(before);
    // A limit of its own for one fetch.
    await team.ours.ok('run', 'partial.ts', 'data', '--param', 'seed=5');
    await team.ours.ok('push');
    await theirs.ok('fetch', '--blob-limit', '1m');
    expect((await notHere(theirs)).objects).toBe(after);
    await theirs.ok('fetch', '--missing');
    expect(await notHere(theirs)).toEqual({ objects: 0, commits: 0 });
    await team.ours.ok('run', 'partial.ts', 'data', '--param', 'seed=6');
    await team.ours.ok('push');
    await theirs.ok('pull');
    expect(await notHere(theirs)).toEqual({ objects: 0, commits: 0 });
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
  });
});

describe('reading on demand', () => {
  it('brings a blob that is printed, exported or read by a program, once [DML-REM-0908]', async () => {
    const theirs = await clone('--blob-limit', '100k');
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
    const before = (await notHere(theirs)).objects;
    expect(await theirs.ok('show', 'data')).toContain('293.0 KiB');
    expect((await notHere(theirs)).objects).toBe(before);
    expect(digest((await theirs.dml(['cat', 'data'])).bytes)).toBe(digest(content(3)));
    const after = (await notHere(theirs)).objects;
    expect(after).toBeLessThan(before);
    await theirs.ok('export', 'HEAD~1:data', 'out.bin');
    expect(digest(readFileSync(join(theirs.folder, 'out.bin')))).toBe(digest(content(2)));
    const repository = await Repository.open(theirs.folder);
    const blob = (await repository.read('HEAD~2:data')) as { bytes(): Promise<Uint8Array> };
    expect(digest(await blob.bytes())).toBe(digest(content(1)));
    await repository.close();
    expect(await notHere(theirs)).toEqual({ objects: 0, commits: 0 });
    // All of it is here now, and stays.
    renameSync(team.shared, `${team.shared}.gone`);
    for (const name of ['data', 'HEAD~1:data', 'HEAD~2:data'])
      expect((await theirs.dml(['cat', name])).bytes).toHaveLength(300_000);
    await theirs.ok('gc');
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
  });

  it('brings what a function reads of its inputs [DML-REM-0958]', async () => {
    const theirs = await clone('--blob-limit', '100k');
    const expected = createHash('sha256').update(content(3)).update('1').digest('hex');
    await theirs.ok('run', 'partial.ts', 'uses');
    expect(await theirs.json('cat', 'uses')).toBe(expected);
    await theirs.ok('push');
    await team.ours.ok('pull');
    expect(await team.ours.json('cat', 'uses')).toBe(expected);
    expect(await notHere(team.ours)).toEqual({ objects: 0, commits: 0 });
  });

  it('ends a call whose input cannot be had, and runs it once it can', async () => {
    const theirs = await clone('--blob-limit', '100k');
    renameSync(team.shared, `${team.shared}.gone`);
    const failed = await theirs.dml(['run', 'partial.ts', 'uses']);
    expect(failed.exitCode).not.toBe(0);
    expect(failed.stderr).toContain('was left out of this repository');
    renameSync(`${team.shared}.gone`, team.shared);
    await theirs.ok('run', 'partial.ts', 'uses');
  });

  it('says which remote has it where that cannot be asked [DML-REM-0956]', async () => {
    const theirs = await clone('--blob-limit', '100k');
    renameSync(team.shared, `${team.shared}.gone`);
    const { stderr } = await theirs.dml(['cat', 'data']);
    expect(stderr).toMatch(
      /^dml: the chunk [0-9a-f]+ was left out of this repository; dml\+remote:\/\/file\/\S+\/shared has it, but there is no remote in .*\/shared\nhint: "dml fetch --missing"/,
    );
    expect(await theirs.error(10, ['export', 'data', 'out.bin'])).toMatchObject({ code: 'object_withheld' });
    await theirs.ok('remote', 'remove', 'origin');
    expect((await theirs.dml(['cat', 'data'])).stderr).toContain('but that is no remote of this repository');
    // Another place that has it does as well.
    renameSync(`${team.shared}.gone`, join(team.folder, 'moved'));
    await theirs.ok('remote', 'add', 'elsewhere', join(team.folder, 'moved'));
    expect((await theirs.dml(['cat', 'data'])).bytes).toHaveLength(300_000);
  });

  it('keeps nothing of a blob that somebody has changed on the remote', async () => {
    const theirs = await clone('--blob-limit', '100k');
    const before = await notHere(theirs);
    tamper();
    expect(await theirs.error(11, ['export', 'data', 'out.bin'])).toMatchObject({ code: 'remote_damaged' });
    expect(await notHere(theirs)).toEqual(before);
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
  });

  it('is refused in a repository that is open for reading only [DML-REM-0959]', async () => {
    const theirs = await clone('--blob-limit', '100k');
    const repository = await Repository.open(theirs.folder, { readOnly: true });
    const blob = (await repository.read('data')) as { bytes(): Promise<Uint8Array> };
    await expect(blob.bytes()).rejects.toMatchObject({
      code: 'object_withheld',
      detail: 'left_out',
      message: expect.stringContaining('open for reading only'),
    });
    await repository.close();
  });

  it('may be done by two processes at the same time', async () => {
    const theirs = await clone('--blob-limit', '100k');
    const both = [1, 2].map(() => theirs.start(['--json', 'cat', 'data#small']));
    for (const { ended } of both) expect((await ended).exitCode).toBe(0);
    const readers = [1, 2, 3].map((name) => theirs.start(['export', 'data', `out-${name}.bin`]));
    for (const { ended } of readers) {
      const { exitCode, stderr } = await ended;
      expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
    }
    for (const name of [1, 2, 3])
      expect(readFileSync(join(theirs.folder, `out-${name}.bin`)).equals(content(3))).toBe(true);
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
  });
});

describe('a shallow repository', () => {
  it('shows where its history ends [DML-CLI-1268]', async () => {
    const theirs = await clone('--depth', '2');
    const log = await theirs.json<{ commitId: string; leftOut?: string }[]>('log');
    expect(log).toHaveLength(3);
    expect(log[2]).toEqual({
      commitId: log[2]?.commitId,
      leftOut: expect.stringMatching(/^dml\+remote:\/\/file\/.*\/shared$/),
    });
    expect(await theirs.ok('log')).toMatch(
      /left out, and with it what came before; "dml fetch --unshallow" brings it\n\n {4}dml\+remote:\S+ has it\n/,
    );
    expect(await theirs.json<unknown[]>('log', '--count', '2')).toHaveLength(2);
    expect(await theirs.error(10, ['show', 'HEAD~2'])).toMatchObject({ code: 'object_withheld' });
    // What walks history ends there.
    await theirs.ok('show', 'HEAD~1');
    await theirs.ok('stats');
    await theirs.ok('show', 'data');
  });

  it('takes up more commits [DML-CLI-1264]', async () => {
    const theirs = await clone('--depth', '1');
    await theirs.ok('fetch', '--depth', '2');
    expect(await theirs.json<unknown[]>('log')).toHaveLength(3);
    expect(await notHere(theirs)).toEqual({ objects: 1, commits: 1 });
    await theirs.ok('fetch', '--depth', '9');
    expect(await theirs.json<unknown[]>('log')).toHaveLength(3);
    expect(await notHere(theirs)).toEqual({ objects: 0, commits: 0 });
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
  });

  it('becomes whole, also after it was killed on the way [DML-CLI-1265]', async () => {
    const bucket = await FaultServer.start('data');
    afterTests('test', () => bucket.close());
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    afterTests('test', () => void vi.unstubAllEnvs());
    const place = `s3://data/x?endpoint=${encodeURIComponent(bucket.endpoint)}`;
    await team.ours.ok('remote', 'add', 'bucket', place);
    await team.ours.ok('push', 'bucket');
    const theirs = new TestRepository();
    rmSync(theirs.folder, { recursive: true });
    const argv = ['clone', '--depth', '1', '--blob-limit', '100k', place, theirs.folder];
    expect(await dml(argv, { cwd: team.folder })).toMatchObject({ exitCode: 0 });
    const segments = { operation: 'GetObject', key: /segments/ } as const;
    const held = new Promise<void>(() => undefined);
    bucket.fail(segments, { kind: 'none' }, { kind: 'held', moment: 'before', until: held });
    bucket.requests.length = 0;
    const killed = theirs.start(['fetch', '--unshallow']);
    await vi.waitUntil(() => bucket.requests.filter(({ key }) => segments.key.test(key)).length >= 2, {
      timeout: 60_000,
    });
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect((await notHere(theirs)).commits).toBe(1);
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
    await theirs.ok('gc');
    await theirs.ok('fetch', '--unshallow');
    const { objects, commits } = await notHere(theirs);
    expect(commits).toBe(0);
    expect(objects).toBeGreaterThan(0);
    expect(await theirs.json<unknown[]>('log')).toHaveLength(3);
    // One bit of what a bucket answers is another.
    bucket.fail(segments, ...Array.from({ length: 8 }, () => ({ kind: 'flipped' }) as const));
    expect(await theirs.error(11, ['export', 'data', 'out.bin'])).toMatchObject({ code: 'remote_damaged' });
    bucket.forget();
    expect((await theirs.dml(['cat', 'data'])).bytes).toHaveLength(300_000);
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
  });

  it('pushes and merges where the remote has what is not here', async () => {
    const theirs = await clone('--depth', '1', '--blob-limit', '100k');
    await theirs.ok('run', 'partial.ts', 'uses');
    await team.ours.ok('run', 'partial.ts', 'data', '--param', 'seed=7');
    await team.ours.ok('push');
    await theirs.ok('pull');
    await theirs.ok('push');
    const whole = await clone();
    expect(await notHere(whole)).toEqual({ objects: 0, commits: 0 });
    expect(await whole.ok('verify')).toContain('nothing is damaged');
    expect(await whole.json<unknown[]>('log')).not.toHaveLength(0);
    // A place that has nothing cannot get from here what is not here.
    await theirs.ok('remote', 'add', 'new', join(team.folder, 'new'));
    expect(await theirs.error(10, ['push', 'new'])).toMatchObject({ code: 'object_withheld' });
    const bundle = join(theirs.folder, 'all.bundle');
    expect(await theirs.error(10, ['bundle', 'create', bundle])).toMatchObject({ code: 'object_withheld' });
    expect(readdirSync(theirs.folder)).not.toContain('all.bundle');
    await theirs.ok('fetch', '--missing');
    await theirs.ok('push', 'new');
    await theirs.ok('bundle', 'create', bundle);
  });
});

describe('dml status and dml verify', () => {
  it('count what is not here and say how it is brought [DML-CLI-1269] [DML-CLI-1270]', async () => {
    const shallow = await clone('--depth', '1', '--blob-limit', '100k');
    const { objects } = await notHere(shallow);
    const verified = await shallow.json<{ leftOut: number; withheld: number; findingCount: number }>(
      'verify',
    );
    expect(verified).toMatchObject({ leftOut: objects, withheld: 0, findingCount: 0 });
    expect(await shallow.ok('status')).toContain(
      `${objects} objects not here, left out or withheld, older commits among them ("dml fetch --unshallow" brings them)`,
    );
    expect(await shallow.ok('verify')).toContain(
      `${objects} objects left out, which a remote has; "dml fetch --missing" brings them`,
    );
    await shallow.ok('fetch', '--unshallow');
    expect(await shallow.ok('status')).toContain('left out or withheld ("dml fetch --missing" brings them)');
    await shallow.ok('fetch', '--missing');
    expect(await shallow.ok('status')).not.toContain('not here');
    expect(await shallow.ok('verify')).not.toContain('left out');
  });
});
