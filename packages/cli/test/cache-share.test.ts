import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@daggerml/object-model';
import { FaultServer } from '@daggerml/remotes/testing';
import { applyExcision, planExcision } from '@daggerml/store';
import { afterTests } from '@daggerml/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dml, newKeyPem, TestRepository } from './test-repository.ts';

vi.setConfig({ testTimeout: 300_000 });

const STEPS = `
import { blob, call } from '@daggerml/bindings';
export const add = (a: number, b: number): number => a + b;
export const triple = async (a: number): Promise<number> => call(add, await call(add, a, a), a);
export const large = (seed: number) => blob(Buffer.alloc(200_000, seed));
export const boom = (a: number): number => { throw new RangeError(\`no \${a}\`); };
`;

const PIPELINES = `import { definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./shared.steps.ts')>(new URL('./shared.steps.ts', import.meta.url));
export const sum = definePipeline('sum', (dag) => dag.call(steps.add, dag.call(steps.add, 1, 2), 3));
export const thrice = definePipeline('thrice', (dag) => dag.call(steps.triple, 5));
export const content = definePipeline('content', (dag) => dag.call(steps.large, 7));
export const fails = definePipeline('fails', (dag) => dag.call(steps.boom, dag.call(steps.add, 8, 9)));
export const many = definePipeline('many', { parameters: { n: 300 } }, (dag, { n }) =>
  dag.literal(Array.from({ length: n }, (_, at) => dag.call(steps.add, at, 100))));
`;

interface Pushed {
  readonly calls: number;
  readonly published: number;
  readonly present: number;
  readonly leftOut: { readonly incomplete: number; readonly ranElsewhere: number };
  readonly objects: number;
  readonly sentBytes: number;
  readonly cost?: { readonly writes: number; readonly reads: number; readonly total: number };
}

interface Pulled {
  readonly taken: number;
  readonly present: number;
  readonly leftOut: Readonly<Record<'otherFunctions' | 'untrusted' | 'incomplete', number>>;
  readonly objects: number;
  readonly requests: number;
}

let folder: string;
let shared: string;
let ours: TestRepository;

/** Creates a repository with the pipelines and the remote. */
async function member(place = shared): Promise<TestRepository> {
  const repository = await TestRepository.create();
  repository.write('shared.steps.ts', STEPS);
  repository.write('shared.ts', PIPELINES);
  await repository.ok('remote', 'add', 'origin', place);
  return repository;
}

function counts(repository: TestRepository, name: string, ...options: string[]): Promise<unknown> {
  return repository
    .json<{ counts: Record<string, number> }>('run', 'shared.ts', name, ...options)
    .then((document) => [document.counts.executed, document.counts.cached]);
}

const push = (repository: TestRepository, ...words: string[]): Promise<Pushed> =>
  repository.json<Pushed>('cache', 'push', ...words);
const pull = (repository: TestRepository, ...words: string[]): Promise<Pulled> =>
  repository.json<Pulled>('cache', 'pull', ...words);

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml cache ')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  shared = join(folder, 'shared');
  ours = await member();
});

describe('dml cache push', () => {
  it('publishes the calls of the current branch, with those that they made [DML-CLI-1108]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('run', 'shared.ts', 'thrice');
    // Two of the sum; the triple, and both additions that it made.
    expect(await push(ours)).toMatchObject({ calls: 5, published: 5 });
    const theirs = await member();
    expect(await counts(theirs, 'sum', '--remote', 'origin', '--no-publish')).toEqual([0, 2]);
    expect(await counts(theirs, 'thrice', '--remote', 'origin', '--no-publish')).toEqual([0, 1]);
    theirs.write('twice.ts', PIPELINES.replace('dag.call(steps.triple, 5)', 'dag.call(steps.add, 5, 5)'));
    const made = ['run', 'twice.ts', 'thrice', '--remote', 'origin', '--no-publish'];
    expect(await theirs.json(...made)).toMatchObject({ counts: { executed: 0, cached: 1 } });
    // No branch went along.
    expect(await theirs.ok('fetch')).toContain('nothing new');
  });

  it('publishes what is named instead, and refuses anything else [DML-CLI-3730]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('tag', 'early');
    await ours.ok('run', 'shared.ts', 'content');
    expect(await push(ours, 'origin', 'content')).toMatchObject({ calls: 1, published: 1 });
    expect(await push(ours, 'origin', 'early', 'content')).toMatchObject({
      calls: 3,
      published: 2,
      present: 1,
    });
    expect(await ours.error(2, ['cache', 'push', 'origin', 'sum#root'])).toMatchObject({
      code: 'wrong_class',
    });
    expect(await ours.error(3, ['cache', 'push', 'origin', 'nothing'])).toMatchObject({
      code: 'unknown_name',
    });
    const empty = await member();
    expect(await empty.error(3, ['cache', 'push'])).toMatchObject({ code: 'no_commit' });
  });

  it('publishes all that a ref reaches, work in progress and failures too [DML-CLI-3731]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('dag', 'delete', 'sum');
    await ours.ok('branch', 'side');
    await ours.ok('switch', 'side');
    await ours.ok('run', 'shared.ts', 'content');
    await ours.ok('switch', 'main');
    expect((await ours.dml(['run', 'shared.ts', 'fails'])).exitCode).not.toBe(0);
    expect(await push(ours)).toMatchObject({ calls: 0, published: 0 });
    expect(await ours.ok('cache', 'push')).toBe(
      'nothing to publish: no call has an outcome that can be shared\n',
    );
    expect(await push(ours, '--all')).toMatchObject({ calls: 5, published: 5 });
    expect(await ours.refusal(2, ['cache', 'push', 'origin', 'side', '--all'])).toContain('takes no names');
    const theirs = await member();
    const { stderr } = await theirs.dml(['run', 'shared.ts', 'fails', '--remote', 'origin', '--no-publish']);
    expect(stderr).toMatch(/0 executed, 1 cached, 1 failed|RangeError/);
  });

  it('leaves what is there, and counts it [DML-CLI-3732]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    expect(await push(ours)).toMatchObject({ published: 2, present: 0 });
    expect(await push(ours)).toMatchObject({ published: 0, present: 2, objects: 0, sentBytes: 0 });
    expect(await ours.ok('cache', 'push')).toBe('origin has 2 outcomes already\n');
    // Somebody else has run the same: theirs are other execs of the same calls.
    const theirs = await member();
    await theirs.ok('run', 'shared.ts', 'sum');
    await theirs.ok('run', 'shared.ts', 'content');
    const states = await theirs.json<object[]>('remote', 'log');
    const { exitCode, stdout, stderr } = await theirs.dml(['cache', 'push']);
    expect([exitCode, stdout]).toEqual([0, `published 1 outcome to ${shared}\n`]);
    expect(stderr).toContain('2 outcomes there already');
    expect(await push(theirs)).toMatchObject({ published: 0, present: 3 });
    expect(await theirs.json<object[]>('remote', 'log')).toHaveLength(states.length + 1);
  });

  it('says what it would cost, and writes nothing [DML-CLI-3733]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    const planned = await push(ours, '--dry-run', '--tariff', 'put=1000,get=1000,gib=0');
    expect(existsSync(join(shared, 'states'))).toBe(false);
    const { writes = 0, reads = 0 } = planned.cost ?? {};
    expect(planned.cost).toMatchObject({ total: writes + reads });
    expect(writes).toBe(5);
    expect(await ours.ok('cache', 'push', '--dry-run')).toMatch(
      /^would publish 2 outcomes to .*\n {2}\d+ objects in 5 writes and \d+ reads?: .* sent; some \$/,
    );
    const pushed = await push(ours);
    expect(pushed).toMatchObject({ published: 2, objects: planned.objects, sentBytes: planned.sentBytes });
    expect(pushed.cost).toBeUndefined();
    expect(await ours.refusal(2, ['cache', 'push', '--tariff', 'x=1'])).toContain('--tariff takes prices');
  });

  it('leaves out what is not whole here, and says so [DML-CLI-3734]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('run', 'shared.ts', 'content');
    await ours.ok('push');
    const theirs = new TestRepository();
    rmSync(theirs.folder, { recursive: true });
    await dml(['clone', '--blob-limit', '1k', shared, theirs.folder], { cwd: folder });
    const { stdout, stderr } = await theirs.dml(['cache', 'push']);
    expect(stdout).toContain('published 2 outcomes');
    expect(stderr).toContain('1 outcome left out: parts are not here, or excised; "dml fetch --missing"');
    expect(await push(theirs)).toMatchObject({ present: 2, leftOut: { incomplete: 1 } });
    await theirs.ok('fetch', '--missing');
    expect(await push(theirs)).toMatchObject({ published: 1, present: 2, leftOut: { incomplete: 0 } });
    // What was excised is not sent either.
    await ours.ok('remote', 'add', 'other', join(folder, 'other'));
    await ours.withStore(async (store) => {
      const [blobId] = store.findBlobs(sha256Hex(Buffer.alloc(200_000, 7)));
      const objects = [{ class: 'datum' as const, objectId: blobId as never }];
      const plan = await planExcision(store, { objects });
      applyExcision(store, plan, { reason: 'secret', message: 'a key', actor: 'ada' });
    }, 'write');
    expect(await push(ours, 'other')).toMatchObject({ published: 2, leftOut: { incomplete: 1 } });
  });

  it('signs what was computed here, and nothing else [DML-CLI-3735]', async () => {
    const key = join(folder, 'key.pem');
    writeFileSync(key, newKeyPem());
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('push');
    // By a fetch, and by a shared cache.
    const theirs = await member();
    await theirs.ok('pull');
    await theirs.ok('run', 'shared.ts', 'content');
    const { stdout, stderr } = await theirs.dml(['cache', 'push', '--sign', key]);
    expect(stdout).toContain('published 1 outcome');
    expect(stderr).toMatch(/signed as did:key:z6Mk\w+/);
    expect(stderr).toContain('2 outcomes left out: computed elsewhere');
    const signer = /did:key:\w+/.exec(stderr)?.[0] ?? '';
    await push(ours);
    const others = await member();
    await others.ok('remote', 'trust', 'origin', signer);
    expect(await counts(others, 'content', '--remote', 'origin', '--no-publish')).toEqual([0, 1]);
    expect(await counts(others, 'sum', '--remote', 'origin', '--no-publish')).toEqual([2, 0]);
    const own = await member();
    expect(await counts(own, 'content', '--remote', 'origin')).toEqual([0, 1]);
    expect(await push(own, '--sign', key)).toMatchObject({ published: 0, leftOut: { ranElsewhere: 1 } });
    expect(await ours.error(2, ['cache', 'push', '--sign', join(folder, 'none.pem')])).toMatchObject({
      code: 'signing_key_invalid',
    });
  });

  it('is refused where nobody would be trusted to have said it [DML-CLI-3736]', async () => {
    const key = join(folder, 'key.pem');
    writeFileSync(key, newKeyPem());
    await ours.ok('run', 'shared.ts', 'sum');
    const other = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    await ours.ok('remote', 'trust', 'origin', other);
    expect(await ours.error(2, ['cache', 'push'])).toMatchObject({ code: 'invalid_argument' });
    expect(await ours.refusal(2, ['cache', 'push'])).toContain('"--sign <file>" signs them');
    expect(existsSync(join(shared, 'states'))).toBe(false);
    expect(await push(ours, '--sign', key)).toMatchObject({ published: 2 });
    await ours.ok('remote', 'trust', 'origin', other, '--unsigned');
    expect(await push(ours)).toMatchObject({ present: 2 });
  });
});

describe('dml cache pull', () => {
  it('takes outcomes of functions that are here, to be found offline [DML-CLI-3738]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('push');
    await ours.ok('run', 'shared.ts', 'many', '--param', 'n=5');
    await ours.ok('run', 'shared.ts', 'content');
    await push(ours);
    const theirs = await member();
    const { stderr } = await theirs.dml(['cache', 'pull']);
    expect(stderr).toContain('8 outcomes left out: of functions that are not here');
    await theirs.ok('fetch');
    const pulled = await theirs.dml(['cache', 'pull']);
    expect(pulled.stdout).toMatch(/^took 7 outcomes of origin: \d+ objects, [\d.]+ KiB\n$/);
    expect(pulled.stderr).toContain('1 outcome left out: of functions that are not here');
    // The remote is not asked any more.
    rmSync(shared, { recursive: true });
    expect(await counts(theirs, 'many', '--param', 'n=5')).toEqual([0, 5]);
    const { calls } = await theirs.json<{ calls: { sentence: string }[] }>('why', 'many');
    for (const { sentence } of calls)
      expect(sentence).toMatch(/ did not run here: its outcome was found on the remote origin$/);
    expect(calls).toHaveLength(5);
    expect(await counts(theirs, 'many', '--param', 'n=6')).toEqual([1, 5]);
  });

  it('takes the outcomes of functions that the named dags call [DML-CLI-3739]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('run', 'shared.ts', 'content');
    await ours.ok('push');
    await push(ours);
    const theirs = await member();
    await theirs.ok('fetch');
    expect(await pull(theirs, 'origin', 'origin/main:content')).toMatchObject({
      taken: 1,
      leftOut: { otherFunctions: 2 },
    });
    expect((await theirs.dml(['cache', 'pull', 'origin', 'origin/main:content'])).stderr).toContain(
      '2 outcomes left out: of functions that these dags do not call',
    );
    expect(await pull(theirs)).toMatchObject({ taken: 2, present: 1, leftOut: { otherFunctions: 0 } });
    expect(await theirs.error(3, ['cache', 'pull', 'origin', 'nothing'])).toMatchObject({
      code: 'unknown_name',
    });
  });

  it('leaves out what is not trusted, and says who has signed it [DML-CLI-3740]', async () => {
    const key = join(folder, 'key.pem');
    writeFileSync(key, newKeyPem());
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('push');
    const { stderr } = await ours.dml(['cache', 'push', '--sign', key]);
    const signer = /did:key:\w+/.exec(stderr)?.[0] ?? '';
    await ours.ok('run', 'shared.ts', 'many', '--param', 'n=1');
    await push(ours);
    const theirs = await member();
    await theirs.ok('fetch');
    await theirs.ok('remote', 'trust', 'origin', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK');
    const untrusted = await theirs.dml(['cache', 'pull']);
    expect(untrusted.stdout).toBe('the cache of origin has nothing new for this repository\n');
    expect(untrusted.stderr).toContain(`2 outcomes of origin signed by ${signer} not used`);
    expect(untrusted.stderr).toContain('1 outcome of origin signed by nobody not used');
    await theirs.ok('remote', 'trust', 'origin', signer);
    expect(await pull(theirs)).toMatchObject({ taken: 2, leftOut: { untrusted: 1, incomplete: 0 } });
  });

  it('says what it would take, and changes nothing [DML-CLI-3741]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('push');
    await push(ours);
    const theirs = await member();
    await theirs.ok('fetch');
    const before = await theirs.refState();
    const planned = await pull(theirs, '--dry-run');
    expect(planned).toMatchObject({ dryRun: true, taken: 2 });
    expect(await theirs.ok('cache', 'pull', '--dry-run')).toMatch(/^would take 2 outcomes of origin: /);
    expect(await theirs.refState()).toEqual(before);
    expect(await pull(theirs)).toEqual({ ...planned, dryRun: false });
  });

  it('keeps them until they are pruned, and they are no work in progress [DML-CLI-3742] [DML-CLI-3744]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('push');
    await push(ours);
    const theirs = await member();
    await theirs.ok('fetch');
    await pull(theirs);
    expect(await theirs.ok('wip', 'list')).toMatch(/outcomes of origin\n$/);
    expect(await theirs.ok('status')).not.toContain('In progress');
    expect(await theirs.json('status')).toMatchObject({ indexes: [] });
    await theirs.ok('gc');
    expect(await pull(theirs)).toMatchObject({ taken: 0, present: 2 });
    expect(await theirs.ok('retry')).toContain('nothing to retry');
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
    expect((await theirs.json<{ index: string }[]>('wip', 'list')).length).toBe(1);
    await theirs.ok('wip', 'prune', '--all');
    expect(await theirs.json('wip', 'list')).toEqual([]);
    await theirs.ok('gc');
  });
});

describe('both', () => {
  it('show how far they are on a terminal [DML-CLI-3737]', async () => {
    await ours.ok('run', 'shared.ts', 'sum');
    await ours.ok('push');
    const pushed = await ours.dml(['cache', 'push'], { isTerminal: true });
    expect(pushed.stderr).toMatch(/publishing to origin: \d+ objects, /);
    const theirs = await member();
    await theirs.ok('fetch');
    const pulled = await theirs.dml(['cache', 'pull'], { isTerminal: true });
    expect(pulled.stderr).toMatch(/taking outcomes of origin: \d+ objects, /);
    expect((await theirs.dml(['cache', 'pull'])).stderr).not.toContain('taking outcomes');
  });

  it('are completed by another one after they were killed [DML-CLI-3743]', async () => {
    const bucket = await FaultServer.start('data');
    afterTests('test', () => bucket.close());
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    afterTests('test', () => void vi.unstubAllEnvs());
    const place = `s3://data/x?endpoint=${encodeURIComponent(bucket.endpoint)}`;
    const forever = new Promise<void>(() => undefined);
    const sharing = await member(place);
    await sharing.ok('run', 'shared.ts', 'many');
    await sharing.ok('push');
    const killAt = async (
      argv: string[],
      operation: 'GetObject' | 'PutObject',
      key: RegExp,
    ): Promise<void> => {
      bucket.requests.length = 0;
      const isMet = (): boolean =>
        bucket.requests.some((each) => each.operation === operation && key.test(each.key ?? ''));
      bucket.fail({ operation, key }, { kind: 'held', moment: 'before', until: forever });
      const killed = (argv[1] === 'push' ? sharing : theirs).start(argv);
      await vi.waitUntil(isMet, { timeout: 60_000 });
      killed.child.kill('SIGKILL');
      await killed.ended;
      bucket.forget();
    };
    const theirs = await member(place);
    await theirs.ok('fetch');
    for (const key of [/segments/, /indexes/, /caches/, /states/, /CURRENT/]) {
      await killAt(['cache', 'push'], 'PutObject', key);
      expect(await pull(theirs)).toMatchObject({ taken: 0, present: 0 });
    }
    expect(await push(sharing)).toMatchObject({ published: 300, present: 0 });
    await killAt(['cache', 'pull'], 'GetObject', /segments/);
    expect(await theirs.ok('verify')).toContain('nothing is damaged');
    await theirs.ok('gc');
    const { taken, present } = await pull(theirs);
    expect(taken + present).toBe(300);
    expect(await pull(theirs)).toMatchObject({ taken: 0, present: 300 });
    expect(await counts(theirs, 'many')).toEqual([0, 300]);
    // A remote that refuses is an error, and nothing is lost.
    bucket.modes.refusedAccessKey = 'test';
    for (const command of ['push', 'pull'])
      expect((await theirs.dml(['cache', command])).exitCode).not.toBe(0);
    bucket.modes.refusedAccessKey = undefined;
    expect(await push(theirs)).toMatchObject({ present: 300 });
  });
});
