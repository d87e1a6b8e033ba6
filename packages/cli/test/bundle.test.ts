import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  applyExcision,
  encodeSection,
  exportCar,
  headRef,
  planExcision,
  readCar,
  remoteRef,
} from '@daggerml/store';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dml, TestRepository } from './test-repository.ts';

/** A repository with two branches, a tag and a blob of several pieces of a stream. */
let source: TestRepository;
let commits: Record<'main' | 'side' | 'v1', string>;
let file: string;
beforeAll(async () => {
  source = await TestRepository.create();
  const { commitId: first } = await source.run('sums');
  await source.ok('tag', 'v1');
  await source.ok('branch', 'side');
  const { commitId } = await source.define(
    'large',
    '(dag) => dag.literal(blob(Uint8Array.from({ length: 400_000 }, (_, at) => Math.imul(at, 2654435761) >>> 13)))',
  );
  await source.ok('switch', 'side');
  const { commitId: side } = await source.run('raw');
  await source.ok('switch', 'main');
  commits = { main: commitId, side, v1: first };
  file = join(source.folder, 'all.car');
  await source.ok('bundle', 'create', 'all.car');
});

/** Where bundles arrive. */
let target: TestRepository;
beforeEach(async () => {
  target = await TestRepository.create();
});

async function refsOf(repository: TestRepository): Promise<Record<string, string>> {
  const refs = await repository.json<{ ref: string; commitId: string }[]>('ref');
  return Object.fromEntries(refs.map(({ ref, commitId }) => [ref, commitId]));
}

function bytesOf(path: string): Buffer {
  return readFileSync(path);
}

describe('dml bundle create', () => {
  it('writes all branches and tags, or those that are named [DML-CLI-2020]', async () => {
    const document = await source.json<{ bytes: number; objects: number }>('bundle', 'create', 'again.car');
    expect(document).toEqual({
      path: join(source.folder, 'again.car'),
      bytes: bytesOf(file).length,
      objects: expect.any(Number),
      refs: [
        { ref: 'refs/heads/main', commitId: commits.main },
        { ref: 'refs/heads/side', commitId: commits.side },
        { ref: 'refs/tags/v1', commitId: commits.v1 },
      ],
    });
    expect(bytesOf(join(source.folder, 'again.car'))).toEqual(bytesOf(file));
    expect(await source.ok('bundle', 'create', 'few.car', 'v1', 'heads/side', 'side')).toMatch(
      new RegExp(
        `^"few.car" holds 2 refs, \\d+ objects, [\\d.]+ KiB\n  ${commits.v1.slice(0, 12)}  v1 \\(tag\\)\n  ${commits.side.slice(0, 12)}  side\n$`,
      ),
    );
    await target.ok('bundle', 'unbundle', join(source.folder, 'few.car'));
    expect(await refsOf(target)).toEqual({ 'refs/heads/side': commits.side, 'refs/tags/v1': commits.v1 });
    expect(await target.ok('verify')).toMatch(/nothing is damaged\n$/);
    await target.refusal(3, ['bundle', 'create', 'none.car', 'main']);
    await target.plant(remoteRef('origin', 'main'), commits.side);
    expect(await target.error(2, ['bundle', 'create', 'none.car', 'origin/main'])).toMatchObject({
      code: 'wrong_class',
      detail: 'no_branch',
    });
    expect(existsSync(join(target.folder, 'none.car'))).toBe(false);
    const empty = await TestRepository.create();
    expect(await empty.error(3, ['bundle', 'create', 'none.car'])).toMatchObject({ code: 'no_commit' });
  });

  it('writes to standard output for -, unless that is a terminal or has a document [DML-CLI-2021]', async () => {
    const outcome = await source.dml(['bundle', 'create', '-']);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.bytes).toEqual(bytesOf(file));
    expect(outcome.stderr).toMatch(/^wrote 3 refs, \d+ objects, [\d.]+ KiB\n$/);
    expect(await source.refusal(6, ['bundle', 'create', '-'], { isTerminal: true })).toContain(
      'a bundle is binary data, which is not printed to a terminal\nhint: ',
    );
    expect(await source.error(2, ['bundle', 'create', '-'])).toMatchObject({ code: 'invalid_argument' });
  });

  it('that ends early leaves its path as it was [DML-CLI-2022]', async () => {
    const path = source.write('early/all.car', 'before');
    const folder = join(source.folder, 'early');
    const interrupt = new AbortController();
    let looks = 0;
    const look = interrupt.signal.throwIfAborted.bind(interrupt.signal);
    interrupt.signal.throwIfAborted = () => {
      looks += 1;
      if (looks === 3) interrupt.abort();
      look();
    };
    const around = { signal: interrupt.signal };
    expect((await source.dml(['bundle', 'create', path, '--force'], around)).exitCode).toBe(130);
    expect(looks).toBe(3);
    expect(readdirSync(folder)).toEqual(['all.car']);
    expect(readFileSync(path, 'utf8')).toBe('before');
    // Killed while it writes, whenever that is.
    const killed = source.start(['bundle', 'create', path, '--force']);
    while (readdirSync(folder).length === 1 && killed.child.exitCode === null)
      await new Promise((resolve) => setImmediate(resolve));
    killed.child.kill('SIGKILL');
    await killed.ended;
    const left = existsSync(path) ? bytesOf(path).toString('latin1') : 'moved away';
    expect(['before', bytesOf(file).toString('latin1'), 'moved away']).toContain(left);
    await source.ok('bundle', 'create', path, '--force');
    expect(bytesOf(path)).toEqual(bytesOf(file));
  });

  it('refuses a path that exists unless it may replace a file [DML-CLI-2023]', async () => {
    const path = source.write('taken.car', 'mine');
    expect(await source.error(6, ['bundle', 'create', 'taken.car'])).toMatchObject({
      code: 'path_exists',
      detail: null,
    });
    mkdirSync(join(source.folder, 'a folder'), { recursive: true });
    symlinkSync('taken.car', join(source.folder, 'a link'));
    for (const name of ['a folder', 'a link'])
      for (const options of [[], ['--force']])
        expect(await source.error(6, ['bundle', 'create', name, ...options])).toMatchObject({
          code: 'path_exists',
          detail: 'no_file',
        });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    await source.ok('bundle', 'create', 'taken.car', '--force');
    expect(bytesOf(path)).toEqual(bytesOf(file));
    for (const inside of ['.dml/store/data.mdb', '.dml/all.car'])
      expect(await source.error(6, ['bundle', 'create', inside, '--force'])).toMatchObject({
        code: 'protected_path',
      });
  });

  it('and its like show on a terminal how far they are [DML-CLI-2024]', async () => {
    const shown = async (repository: TestRepository, ...argv: string[]): Promise<string> =>
      (await repository.dml(['bundle', ...argv], { isTerminal: true })).stderr;
    expect(await shown(source, 'create', 'shown.car')).toMatch(/writing: \d+ objects?, [\d.]+ KiB/);
    expect(await shown(target, 'verify', file)).toMatch(/checking: [\d.]+ KiB of [\d.]+ KiB/);
    expect(await shown(target, 'unbundle', file)).toMatch(/reading: [\d.]+ KiB of [\d.]+ KiB/);
    expect((await target.dml(['bundle', 'verify', file])).stderr).toBe('');
  });
});

describe('dml bundle verify', () => {
  it('prints refs, counts and what is missing [DML-CLI-2025]', async () => {
    const { objects } = await source.json<{ objects: number }>('bundle', 'create', 'counted.car');
    expect(await source.json('bundle', 'verify', file)).toEqual({
      whole: true,
      refs: [
        { ref: 'refs/heads/main', commitId: commits.main },
        { ref: 'refs/heads/side', commitId: commits.side },
        { ref: 'refs/tags/v1', commitId: commits.v1 },
      ],
      bytes: bytesOf(file).length,
      objects,
      tombstones: 0,
      stubs: 0,
      missingCount: 0,
      missing: [],
    });
    expect(await source.ok('bundle', 'verify', file)).toMatch(
      new RegExp(
        `^whole; ${objects} objects, [\\d.]+ KiB\n  ${commits.main.slice(0, 12)}  main\n  ${commits.side.slice(0, 12)}  side\n  ${commits.v1.slice(0, 12)}  v1 \\(tag\\)\n$`,
      ),
    );
  });

  it('refuses what is no bundle or cut off, without a repository [DML-CLI-2026]', async () => {
    const nowhere = { cwd: '/' };
    expect((await dml(['bundle', 'verify', file], nowhere)).exitCode).toBe(0);
    const text = source.write('text.txt', 'no bundle at all\n'.repeat(10));
    const cut = source.write('cut.car', bytesOf(file));
    truncateSync(cut, 100_000);
    const wrong = source.write('wrong.car', bytesOf(file));
    const bytes = bytesOf(file);
    bytes[bytes.length - 5]! ^= 1;
    writeFileSync(wrong, bytes);
    const before = await source.refState();
    for (const [path, words] of [
      [text, 'the stream is no bundle'],
      [cut, 'the stream ends too early'],
      [wrong, 'the stream is damaged: an object does not hash to its id'],
    ] as const) {
      const { exitCode, stderr, stdout } = await dml(['bundle', 'verify', path], nowhere);
      expect([exitCode, stdout]).toEqual([10, '']);
      expect(stderr).toContain(words);
    }
    expect(await source.refState()).toEqual(before);
    for (const path of ['nothing.car', '/'])
      expect((await dml(['bundle', 'verify', path, '--json'], nowhere)).exitCode).toBe(2);
  });

  it('of a bundle that lacks objects ends with 11 and names them [DML-CLI-2027]', async () => {
    const bytes = bytesOf(file);
    const { sections } = await readCar([bytes]);
    // The last object of all is left out: a commit that its ref alone leads to.
    let id = '';
    let length = 0;
    for await (const { link, bytes: block } of sections) {
      id = link.id;
      length = encodeSection(link, block).length;
    }
    const path = source.write('lacking.car', bytes.subarray(0, bytes.length - length));
    const { exitCode, stdout } = await source.dml(['bundle', 'verify', path]);
    expect(exitCode).toBe(11);
    expect(stdout).toMatch(new RegExp(`^not whole: 1 object missing; .*\n  missing: \\w+ ${id}\n`));
    const { stdout: json, exitCode: again } = await source.dml(['--json', 'bundle', 'verify', path]);
    expect(again).toBe(11);
    expect(JSON.parse(json)).toMatchObject({ whole: false, missingCount: 1, missing: [{ objectId: id }] });
    // Nor is it taken.
    expect((await target.dml(['bundle', 'unbundle', path])).stderr).toContain(
      `${id.slice(0, 12)}, which its refs reach`,
    );
    expect(await refsOf(target)).toEqual({});
  });
});

describe('dml bundle unbundle', () => {
  it('moves branches forward, all or none [DML-CLI-2030]', async () => {
    const { objects, refs } = await target.json<{ objects: unknown; refs: unknown }>(
      'bundle',
      'unbundle',
      file,
    );
    expect(objects).toMatchObject({ present: 0, excised: 0 });
    expect(refs).toEqual([
      ...(['main', 'side'] as const).map((name) => ({
        ref: `refs/heads/${name}`,
        commitId: commits[name],
        state: 'moved',
        target: `refs/heads/${name}`,
        beforeCommitId: null,
      })),
      {
        ref: 'refs/tags/v1',
        commitId: commits.v1,
        state: 'moved',
        target: 'refs/tags/v1',
        beforeCommitId: null,
      },
    ]);
    expect(await target.ok('verify')).toMatch(/nothing is damaged\n$/);
    expect((await target.run('sums')).counts).toMatchObject({ executed: 0 });
    // One forward.
    const other = await behind();
    expect(await other.ok('bundle', 'unbundle', file)).toMatch(
      new RegExp(
        `^main moved from ${commits.v1.slice(0, 12)} to ${commits.main.slice(0, 12)}\nside is at ${commits.side.slice(0, 12)}, new\nv1 is at ${commits.v1.slice(0, 12)} already\n\\d+ new objects, \\d+ known\n$`,
      ),
    );
    const { journal } = await other.refState();
    const update = { ref: 'refs/heads/main', old: commits.v1, new: commits.main, reason: 'unbundle all.car' };
    expect(journal).toContainEqual(expect.objectContaining({ actor: 'tester', ...update }));
  });

  it('refuses a branch that has diverged, moves nothing and says how to go on [DML-CLI-2030]', async () => {
    const other = await behind();
    await other.run('values');
    const before = await refsOf(other);
    expect(await other.refusal(6, ['bundle', 'unbundle', file])).toBe(
      `dml: the branch "main" has commits that "${file}" does not have\n` +
        `hint: nothing was moved; "dml bundle unbundle '${file}' --as <remote>" keeps its branches apart as ` +
        '<remote>/<branch>, and "dml merge <remote>/main" merges one\n',
    );
    expect(await other.error(6, ['bundle', 'unbundle', file])).toMatchObject({
      code: 'not_fast_forward',
      detail: 'bundle',
    });
    expect(await refsOf(other)).toEqual(before);
    // What the hint says holds.
    await other.ok('bundle', 'unbundle', file, '--as', 'theirs');
    expect(await other.json('merge', 'theirs/main')).toMatchObject({ mergeCommit: true });
  });

  it('takes branches as tracking refs with --as, wherever these are [DML-CLI-2031]', async () => {
    const { commitId } = await target.run('values');
    await target.plant(remoteRef('theirs', 'main'), commitId);
    expect(await target.ok('bundle', 'unbundle', file, '--as', 'theirs')).toMatch(
      /^theirs\/main moved from .*\ntheirs\/side is at .*, new\nv1 is at .*, new\n/,
    );
    expect(await refsOf(target)).toEqual({
      'refs/heads/main': commitId,
      'refs/remotes/theirs/main': commits.main,
      'refs/remotes/theirs/side': commits.side,
      'refs/tags/v1': commits.v1,
    });
    for (const name of ['a/b', '.x', 'heads', '-x', 'a b', 'x~1', 'HEAD/'])
      expect(await target.error(2, ['bundle', 'unbundle', file, `--as=${name}`]), name).toMatchObject({
        code: 'remote_name_invalid',
      });
  });

  it('keeps a tag that is another one here and names it [DML-CLI-2032]', async () => {
    const { commitId } = await target.run('values');
    await target.ok('tag', 'v1');
    for (const options of [['--as', 'theirs'], []]) {
      await target.ok('branch', 'aside');
      await target.ok('switch', 'aside');
      if (options.length === 0) await target.ok('branch', '--delete', '--force', 'main');
      const text = await target.ok('bundle', 'unbundle', file, ...options);
      expect(text).toContain(`v1 is another tag here and stays at ${commitId.slice(0, 12)}\n`);
      expect((await refsOf(target))['refs/tags/v1']).toBe(commitId);
      if (options.length > 0) await target.ok('switch', 'main');
      if (options.length > 0) await target.ok('branch', '--delete', 'aside');
    }
  });

  it('leaves out and names what is neither a branch nor a tag [DML-CLI-2033]', async () => {
    const bytes = await source.withStore(async (store) => {
      const pieces: Buffer[] = [];
      const refs = [
        { ref: remoteRef('origin', 'x'), commitId: commits.v1 as never },
        { ref: headRef('y'), commitId: commits.v1 as never },
      ];
      for await (const piece of exportCar(store, refs)) pieces.push(piece);
      return Buffer.concat(pieces);
    });
    const path = target.write('odd.car', bytes);
    expect(await target.ok('bundle', 'unbundle', path)).toMatch(
      /^refs\/remotes\/origin\/x is neither a branch nor a tag and is left out\ny is at /,
    );
    expect(await refsOf(target)).toEqual({ 'refs/heads/y': commits.v1 });
  });

  it('leaves a branch that contains the commit of the bundle [DML-CLI-2034]', async () => {
    await target.ok('bundle', 'unbundle', file);
    const { commitId } = await target.run('values');
    const before = await target.refState();
    expect(await target.ok('bundle', 'unbundle', file)).toMatch(
      new RegExp(`^main contains ${commits.main.slice(0, 12)} already\nside is at .* already\n`),
    );
    expect(await target.refState()).toEqual(before);
    expect((await refsOf(target))['refs/heads/main']).toBe(commitId);
  });

  it('takes excisions only with --accept-excisions [DML-CLI-2035]', async () => {
    const excising = await TestRepository.create();
    await excising.run('raw');
    const excised = await excising.withStore(async (store) => {
      const datumId = store.transact('find', (transaction) =>
        transaction.putRecord({ type: 'datum', kind: 'string', value: 'only the names matter' }),
      );
      const plan = await planExcision(store, { objects: [{ class: 'datum', objectId: datumId }] });
      applyExcision(store, plan, { reason: 'secret', message: '', actor: 'ada' });
      return datumId;
    }, 'write');
    const path = join(excising.folder, 'excised.car');
    await excising.ok('bundle', 'create', path);
    expect(await excising.ok('bundle', 'verify', path)).toContain(
      '1 object excised: "dml bundle unbundle" needs --accept-excisions\n',
    );
    expect((await target.dml(['bundle', 'unbundle', path])).stderr).toBe(
      `dml: the datum ${excised.slice(0, 12)} was excised by ada (secret), which would excise it here for good; no ref was moved\n` +
        'hint: if you trust whoever excised it, run the command again with --accept-excisions\n',
    );
    expect(await refsOf(target)).toEqual({});
    expect(await target.json('bundle', 'unbundle', path, '--accept-excisions')).toMatchObject({
      tombstones: 1,
    });
    expect((await target.dml(['cat', 'raw'])).stderr).toContain('was excised by ada: secret');
  });

  it('and verify read standard input for - [DML-CLI-2036]', async () => {
    const bytes = bytesOf(file);
    const input = [bytes.subarray(0, 10), bytes.subarray(10)];
    expect((await target.dml(['bundle', 'verify', '-'], { input })).stdout).toMatch(/^whole; /);
    expect((await target.dml(['bundle', 'unbundle', '-'], { input })).exitCode).toBe(0);
    expect((await refsOf(target))['refs/heads/side']).toBe(commits.side);
    const piped = source.shell(
      'dml bundle create - 2> errors | dml bundle verify - && dml --quiet bundle create - main | dml bundle verify - --json',
    );
    expect(piped.status).toBe(0);
    expect(piped.stdout).toMatch(/^whole; \d+ objects/);
  });

  it('that is interrupted leaves refs as they were and is completed by another run [DML-CLI-2037] [DML-CLI-2038]', async () => {
    const { commitId } = await target.run('values');
    const interrupt = new AbortController();
    const bytes = bytesOf(file);
    // Half of it comes, then nothing: whoever waits is interrupted.
    let isRead = false;
    const half = new Readable({
      read() {
        if (isRead) interrupt.abort();
        else this.push(bytes.subarray(0, bytes.length / 2));
        isRead = true;
      },
    });
    const outcome = await target.dml(['bundle', 'unbundle', '-', '--as', 'theirs'], {
      input: half,
      signal: interrupt.signal,
    });
    expect(outcome.exitCode).toBe(130);
    expect(await refsOf(target)).toEqual({ 'refs/heads/main': commitId });
    const cut = [bytes.subarray(0, bytes.length - 10)];
    expect((await target.dml(['bundle', 'unbundle', '-', '--as', 'theirs'], { input: cut })).exitCode).toBe(
      10,
    );
    expect(await refsOf(target)).toEqual({ 'refs/heads/main': commitId });
    await target.ok('bundle', 'unbundle', file, '--as', 'theirs');
    expect((await refsOf(target))['refs/remotes/theirs/side']).toBe(commits.side);
    expect(await target.ok('verify')).toMatch(/nothing is damaged\n$/);
  });
});

/** A repository whose branch `main` is at the first commit of the source. */
async function behind(): Promise<TestRepository> {
  const repository = await TestRepository.create();
  await source.ok('bundle', 'create', 'first.car', 'v1', '--force');
  await repository.ok('bundle', 'unbundle', join(source.folder, 'first.car'));
  await repository.ok('merge', 'v1');
  return repository;
}
