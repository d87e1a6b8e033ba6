import { closeSync, openSync, readFileSync, realpathSync, statSync, truncateSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestRepository } from './test-repository.ts';

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  await repository.run('report');
  await repository.ok('branch', 'kept');
  await repository.run('clock');
});

interface GcDocument {
  readonly dryRun: boolean;
  readonly kept: { readonly objects: number; readonly bytes: number };
  readonly garbage: {
    readonly objects: number;
    readonly bytes: number;
    readonly byClass: Record<string, unknown>;
  };
}

describe('dml gc', () => {
  it('prints with --dry-run what it would delete and deletes nothing [DML-CLI-1002]', async () => {
    const [before] = await repository.json<{ commitId: string }[]>('log', '-n', '1');
    // A run leaves commits of its work.
    await repository.ok('run', 'pipelines.ts', 'clock', '--no-cache');
    const plan = await repository.json<GcDocument>('gc', '--dry-run');
    expect(plan.dryRun).toBe(true);
    expect(plan.garbage.objects).toBeGreaterThan(0);
    const again = await repository.json<GcDocument>('gc', '--dry-run');
    expect(again.garbage).toEqual(plan.garbage);
    expect(again.kept).toEqual(plan.kept);
    expect(await repository.ok('gc', '--dry-run')).toMatch(
      new RegExp(`^would delete ${plan.garbage.objects} objects?, .*; kept ${plan.kept.objects}, `),
    );
    expect(await repository.json('show', `${before?.commitId}`)).toMatchObject({ class: 'commit' });
  });

  it('deletes what no root reaches and prints counts and bytes [DML-CLI-1001]', async () => {
    const plan = await repository.json<GcDocument>('gc', '--dry-run');
    const done = await repository.json<GcDocument>('gc');
    expect(done).toMatchObject({ dryRun: false, kept: plan.kept, garbage: plan.garbage });
    expect(await repository.json<GcDocument>('gc', '--dry-run')).toMatchObject({
      garbage: { objects: 0, bytes: 0 },
    });
    expect(await repository.ok('gc')).toMatch(/^deleted 0 objects, 0 B; kept \d+, [\d.]+ Ki?B\n$/);
    expect(await repository.ok('cat', 'sums')).toBe('6\n');
    expect(await repository.run('sums')).toMatchObject({
      changed: false,
      counts: { executed: 0, cached: 2 },
    });
  });

  it('prints a path from a root to the object with --why [DML-CLI-1003]', async () => {
    const { dagId } = (await repository.json<{ name: string; dagId: string }[]>('dag', 'list'))[1] ?? {
      dagId: '',
    };
    const reason = await repository.json<{
      state: string;
      root: object;
      path: { class: string; objectId: string }[];
    }>('gc', '--why', dagId);
    expect(reason).toMatchObject({ state: 'kept', root: { kind: 'ref', ref: 'refs/heads/kept' } });
    expect(reason.path.map((step) => step.class)).toEqual(['commit', 'tree', 'dag']);
    expect(reason.path[2]).toEqual({ class: 'dag', objectId: dagId });
    const text = await repository.ok('gc', '--why', dagId);
    expect(text).toMatch(
      /^kept by refs\/heads\/kept\n {2}commit [0-9a-f]{12}\n {2}tree [0-9a-f]{12}\n {2}dag [0-9a-f]{12}\n$/,
    );
    await repository.refusal(3, ['gc', '--why', 'nothing']);
    const chunkId = await repository.withStore((store) => {
      let chunk = '';
      store.transact('test', (transaction) => {
        chunk = transaction.put('chunk', Buffer.from('for nobody'));
      });
      return chunk;
    }, 'write');
    expect(await repository.ok('gc', '--why', chunkId)).toBe(
      `nothing keeps chunk ${chunkId.slice(0, 12)}: the next "dml gc" deletes it\n`,
    );
  });

  it('gives room back with --compact and says how much [DML-CLI-1008] [DML-CLI-1018]', async () => {
    const file = join(repository.folder, '.dml/store/data.mdb');
    await repository.withStore((store) => {
      store.transact('test', (transaction) => {
        for (let index = 0; index < 64; index += 1)
          transaction.put('chunk', Buffer.alloc(65_536, `chunk ${index} `));
      });
    }, 'write');
    const before = statSync(file).size;
    interface Compacted extends GcDocument {
      readonly compaction: { readonly bytesBefore: number; readonly bytesAfter: number };
    }
    const { garbage, compaction } = await repository.json<Compacted>('gc', '--compact');
    expect(garbage.bytes).toBeGreaterThanOrEqual(64 * 65_536);
    expect(compaction.bytesBefore).toBeGreaterThanOrEqual(before);
    expect(compaction.bytesAfter).toBe(statSync(file).size);
    expect(compaction.bytesAfter).toBeLessThan(before - 60 * 65_536);
    expect(await repository.ok('gc', '--compact')).toMatch(
      /^deleted 0 objects[^\n]*\ncompacted the store from \d[^\n]* to \d[^\n]*\n$/,
    );
    expect(await repository.json('verify')).toMatchObject({ findings: [] });
    expect(await repository.ok('cat', 'sums')).toBe('6\n');
  });

  it('leaves the file in its place while the store is open elsewhere [DML-CLI-1020]', async () => {
    const file = join(repository.folder, '.dml/store/data.mdb');
    const before = statSync(file).ino;
    const outcome = await repository.withStore(() => repository.dml(['gc', '--compact']), 'write');
    expect(outcome).toMatchObject({ exitCode: 13, stdout: '' });
    expect(outcome.stderr).toContain(
      'was not compacted: another process uses it\nhint: the collection is done; ',
    );
    expect(statSync(file).ino).toBe(before);
  });

  it.each([
    ['--compact', '--dry-run'],
    ['--compact', '--why', 'main'],
    ['--dry-run', '--why', 'main'],
  ])('refuses %s with %s [DML-CLI-2906]', async (...options) => {
    expect(await repository.refusal(2, ['gc', ...options])).toMatch(
      /^dml: option '--\S+.*' cannot be used with option '--\S+.*'\nhint: "dml gc --help" shows what it takes\n$/,
    );
  });

  it('says before the first commit that there is none', async () => {
    const fresh = await TestRepository.create();
    for (const [command, note] of [
      [['log'], 'no commit yet'],
      [['dag', 'list'], 'no dags yet'],
      [['branch'], 'no branch has a commit yet'],
      [['ref'], 'no refs yet'],
    ] as const)
      expect((await fresh.dml(command)).stderr).toBe(`${note}; "dml run <file>" makes the first one\n`);
    expect(await fresh.refusal(13, ['gc'])).toBe(
      'dml: nothing was deleted: there is no commit yet\nhint: "dml run <file>" makes the first one\n',
    );
  });
});

describe('dml verify', () => {
  it('checks every object and ref and prints what is damaged [DML-CLI-1004]', async () => {
    const repository = await TestRepository.create();
    await repository.run('sums');
    await repository.run('report');
    await repository.ok('branch', 'kept');
    const clean = await repository.json<{ objects: number; refs: number; findings: unknown[] }>('verify');
    expect(clean).toMatchObject({ refs: 2, findingCount: 0, findings: [] });
    expect(clean.objects).toBeGreaterThan(20);
    expect(await repository.ok('verify')).toMatch(/^\d+ objects and 2 refs checked, nothing is damaged\n$/);
    // One byte of a stored text changes on the disk, also in free pages that once held it.
    const file = join(repository.folder, '.dml/store/data.mdb');
    const bytes = readFileSync(file);
    const descriptor = openSync(file, 'r+');
    let places = 0;
    for (let at = bytes.indexOf('# Total 6'); at >= 0; at = bytes.indexOf('# Total 6', at + 1)) {
      writeSync(descriptor, 'T', at);
      places += 1;
    }
    closeSync(descriptor);
    expect(places).toBeGreaterThan(0);
    const damaged = await repository.dml(['verify', '--json']);
    expect(damaged).toMatchObject({ exitCode: 11, stderr: '' });
    expect(JSON.parse(damaged.stdout).findings).toContainEqual(
      expect.objectContaining({ code: 'object_damaged', class: 'chunk' }),
    );
    const text = await repository.dml(['verify']);
    expect(text.exitCode).toBe(11);
    expect(text.stdout).toMatch(/^object damaged: 1\n {2}class chunk {2}objectId [0-9a-f]{64}$/m);
  });

  it('prints findings by kind, the first of each or all of them [DML-CLI-1016] [DML-CLI-1017]', async () => {
    const broken = await TestRepository.create();
    await broken.run('sums');
    await broken.withStore((store) => {
      store.transact('test', (transaction) => {
        for (let index = 0; index < 5; index += 1)
          transaction.putRow('pins', Buffer.from(`no pin ${index}`), Buffer.from('not sealed'));
        transaction.putRow('sessions', Buffer.from('no session'), Buffer.from('not sealed'));
      });
    }, 'write');
    const { findings, byCode, findingCount } = JSON.parse((await broken.dml(['verify', '--json'])).stdout);
    expect(byCode).toEqual({ row_damaged: 6 });
    expect([findings.length, findingCount]).toEqual([6, 6]);
    const few = await broken.dml(['verify']);
    expect(few.exitCode).toBe(11);
    expect(few.stdout).toMatch(
      /^row damaged: 6\n( {2}table \w+ {2}keyHex [0-9a-f]+\n){3} {2}and 3 more, which "dml verify --all" lists\n/,
    );
    const all = (await broken.dml(['verify', '--all'])).stdout;
    expect(all).toMatch(/^row damaged: 6\n( {2}table \w+ {2}keyHex [0-9a-f]+\n){6}\d+ objects and/);
  });

  it('takes what a refused import left behind for no damage, and says how it goes', async () => {
    const other = await TestRepository.create();
    await other.run('sums');
    const lacking = { type: 'datum', kind: 'list', root: ['5'.repeat(64)] } as never;
    await other.withStore(
      (store) => store.transact('test', (transaction) => void transaction.putRecord(lacking)),
      'write',
    );
    const summary = { findingCount: 0, leftoverCount: 1, byCode: {}, findings: [] };
    expect(await other.json('verify')).toMatchObject(summary);
    expect(await other.ok('verify')).toMatch(
      /^1 leftover of refused imports, which nothing uses; "dml gc" removes them\n.* nothing is damaged\n$/,
    );
    await other.ok('gc');
    expect(await other.json('verify')).toMatchObject({ ...summary, leftoverCount: 0 });
  });

  it('reports damage that keeps the store from being opened as what it found [DML-CLI-1014]', async () => {
    const broken = await TestRepository.create();
    await broken.ok('status');
    const file = join(broken.folder, '.dml/store/data.mdb');
    truncateSync(file, 4096);
    const damaged = await broken.dml(['verify', '--json']);
    expect(damaged).toMatchObject({ exitCode: 11, stderr: '' });
    expect(JSON.parse(damaged.stdout)).toMatchObject({
      objects: 0,
      findingCount: 1,
      findings: [{ code: 'store_damaged', detail: 'file_short' }],
    });
    const text = await broken.dml(['verify']);
    expect(text.exitCode).toBe(11);
    expect(text.stdout).toBe(
      `store damaged: 1\n  detail file_short  path ${realpathSync(dirname(file))}\n0 objects and 0 refs checked, 1 finding\n`,
    );
    expect((await broken.dml(['log'])).exitCode).toBe(10);
  });
});
