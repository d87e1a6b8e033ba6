import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execSigner } from '@daggerml/remotes';
import { FaultServer } from '@daggerml/remotes/testing';
import { afterTests, SeededRandom } from '@daggerml/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM, StartedProgram } from './started-program.ts';
import { TestRepository } from './test-repository.ts';

const STEPS = `
import { appendFileSync, existsSync } from 'node:fs';
export function square(file: string, x: number, ms: number): number {
  const until = Date.now() + ms;
  while (Date.now() < until);
  appendFileSync(file, \`\${x}\\n\`);
  return x * x;
}
export async function held(file: string, x: number): Promise<number> {
  appendFileSync(file, 'x');
  while (!existsSync(\`\${file}.go\`)) await new Promise((resolve) => setTimeout(resolve, 20));
  return x;
}
export function says(text: string): string {
  console.log(\`out of \${text}\`);
  console.error(\`err of \${text}\`);
  console.log('out again');
  return text;
}
export function breaks(): void {
  console.log('before it broke');
  throw new Error('broken');
}
export const sum = (xs: number[]): number => xs.reduce((total, x) => total + x, 0);
`;
const PIPELINE = `
import { fileURLToPath } from 'node:url';
import { definePipeline, functions, text } from '@daggerml/bindings';
const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
const file = fileURLToPath(new URL('./ran', import.meta.url));
export const squares = definePipeline('squares', (dag) => {
  const all = Array.from({ length: 12 }, (_, x) => dag.call(steps.square, file, x, 300));
  return dag.call(steps.sum, all);
});
export const few = definePipeline('few', (dag) => {
  const all = [1, 2, 3].map((x) => dag.call(steps.square, file, x, 5));
  return dag.call(steps.sum, all);
});
export const says = definePipeline('says', (dag) => ({
  loud: dag.name('loud', dag.call(steps.says, 'it')),
  script: dag.name('script', dag.script({ command: 'echo from a script >&2; echo result', output: text() })),
}));
export const breaks = definePipeline('breaks', (dag) => dag.call(steps.breaks));
export const held = definePipeline('held', (dag) => dag.call(steps.held, file, 7));
`;

let shared: string;
let ours: TestRepository;
let ran: string;

beforeEach(async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dml-workers-')));
  afterTests('test', () => rmSync(folder, { recursive: true, force: true }));
  shared = join(folder, 'shared');
  mkdirSync(shared);
  ours = await TestRepository.create();
  writeFileSync(join(ours.folder, 'steps.ts'), STEPS);
  writeFileSync(join(ours.folder, 'work.ts'), PIPELINE);
  ran = join(ours.folder, 'ran');
  await ours.ok('remote', 'add', 'team', shared);
});

/** Starts a process of `dml`. */
function start(...args: string[]): StartedProgram {
  return new StartedProgram([PROGRAM, ...args], { cwd: ours.folder });
}

function counted(): string[] {
  return existsSync(ran) ? readFileSync(ran, 'utf8').split('\n').filter(Boolean) : [];
}

function filesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('dml run --on-workers', () => {
  it('has every call run by workers of the remote, who name it with its inputs [DML-CLI-1221] [DML-CLI-3805]', async () => {
    const worker = start('worker', shared, '--jobs', '2');
    await worker.until(/waiting for jobs/);
    const done = await ours.dml(['run', 'work.ts', 'few', '--remote', 'team', '--on-workers']);
    expect([done.exitCode, done.stdout]).toEqual([0, expect.stringContaining('4 executed')]);
    expect(JSON.parse(await ours.ok('cat', 'few'))).toBe(14);
    expect(counted().sort()).toEqual(['1', '2', '3']);
    worker.child.kill('SIGINT');
    const { stderr } = await worker.ended;
    expect(stderr.match(/ done \(/g)).toHaveLength(4);
    for (const x of [1, 2, 3])
      for (const end of ['begins', 'done \\('])
        expect(stderr).toMatch(new RegExp(`^square\\(.*, ${x}, 5\\) for tester ${end}`, 'm'));
    // Nothing of the jobs is left.
    expect([...filesBelow(join(shared, 'exec')), ...filesBelow(join(shared, 'results'))]).toEqual([]);
  });

  it('goes only with a remote, and not with resources [DML-CLI-1220]', async () => {
    for (const options of [['--on-workers'], ['--on-workers', '--remote', 'team', '--resources', 'gpu=1']]) {
      const refused = await ours.error(2, ['run', 'work.ts', 'squares', ...options]);
      expect(refused).toMatchObject({ code: 'invalid_argument' });
    }
    expect([counted(), filesBelow(shared)]).toEqual([[], []]);
  });

  it('gives each call one outcome where workers are killed at random [DML-EXE-1520]', async () => {
    const random = new SeededRandom(7);
    const begin = (): StartedProgram => start('worker', shared, '--lease', '2', '--jobs', '2');
    let workers = [begin(), begin(), begin()];
    const caller = start('--json', 'run', 'work.ts', 'squares', '--remote', 'team', '--on-workers');
    let isOver = false;
    void caller.ended.then(() => {
      isOver = true;
    });
    for (let killed = 0; !isOver && killed < 6; killed += 1) {
      const before = counted().length;
      // Each is killed in the middle of its work.
      await until(() => isOver || counted().length > before);
      await new Promise((resolve) => setTimeout(resolve, random.below(400)));
      const at = random.below(workers.length);
      workers[at]?.child.kill('SIGKILL');
      workers = workers.map((worker, index) => (index === at ? begin() : worker));
    }
    const { exitCode, stdout, stderr } = await caller.ended;
    expect([exitCode, stderr]).toEqual([0, '']);
    const ends = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { type: string; outcome?: string; name?: string })
      .filter(({ type }) => type === 'call-finished');
    expect(ends.filter(({ name }) => name === 'square').map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 12 }, () => 'executed'),
    );
    const calls = (await ours.json('show', 'squares')) as { nodes: { kind: string }[] };
    expect(calls.nodes.filter(({ kind }) => kind === 'call')).toHaveLength(13);
    expect(new Set(counted()).size).toBe(12);
    expect(JSON.parse(await ours.ok('cat', 'squares'))).toBe(506);
    for (const { child } of workers) child.kill('SIGKILL');
  });

  it('keeps what a function has printed there, also of one that failed [DML-EXE-2794]', async () => {
    const worker = start('worker', shared);
    await worker.until(/waiting for jobs/);
    await ours.ok('run', 'work.ts', 'says', '--remote', 'team', '--on-workers');
    const failed = await ours.dml(['run', 'work.ts', 'breaks', '--remote', 'team', '--on-workers']);
    expect(failed.exitCode).toBe(7);
    worker.child.kill('SIGINT');
    await worker.ended;
    // Neither worker nor remote is asked for it.
    rmSync(shared, { recursive: true });
    expect(await ours.ok('logs', 'says#loud')).toBe('out of it\nerr of it\nout again\n');
    expect(await ours.ok('logs', 'says#loud', '--stream', 'stderr')).toBe('err of it\n');
    expect(await ours.ok('logs', 'says#script')).toBe('from a script\n');
    const [, nodeId = ''] = /failed +breaks\(\).* ([0-9a-f]{12})/.exec(failed.stdout + failed.stderr) ?? [];
    expect(await ours.ok('logs', nodeId)).toBe('before it broke\n');
  });

  it('goes on with a job that is under way where its process was killed [DML-EXE-1202]', async () => {
    const first = start('run', 'work.ts', 'held', '--remote', 'team', '--on-workers');
    const worker = start('worker', shared);
    await until(() => counted().length === 1);
    first.child.kill('SIGKILL');
    await first.ended;
    const [job] = filesBelow(join(shared, 'exec'));
    const second = start('--json', 'run', 'work.ts', 'held', '--remote', 'team', '--on-workers');
    const jobs = new Set<string>();
    const watch = setInterval(() => {
      for (const name of filesBelow(join(shared, 'exec'))) jobs.add(name);
    }, 20);
    // Long enough for a job of its own, if it posted one.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    writeFileSync(`${ran}.go`, '');
    const { exitCode, stdout } = await second.ended;
    clearInterval(watch);
    expect(exitCode).toBe(0);
    // A process that begins late finds the outcome in the cache instead.
    expect(stdout).toMatch(/"outcome":"(executed|cached)"/);
    expect([...jobs]).toEqual([job]);
    expect(counted()).toEqual(['x']);
    worker.child.kill('SIGKILL');
  });
});

describe('dml run --remote', () => {
  it('names whose claim a call waits for, and takes the outcome [DML-CLI-3804] [DML-CLI-3806]', async () => {
    const theirs = await TestRepository.create();
    await theirs.ok('remote', 'add', 'team', shared);
    const calls = `dag.call(steps.held.with({ claim: true }), ${JSON.stringify(ran)}, 7)`;
    const pipeline = PIPELINE.replace('dag.call(steps.held, file, 7)', calls);
    const begin = ({ folder }: TestRepository, author: string, ...options: string[]): StartedProgram => {
      writeFileSync(join(folder, 'steps.ts'), STEPS);
      writeFileSync(join(folder, 'claimed.ts'), pipeline);
      const args = [PROGRAM, ...options, 'run', 'claimed.ts', 'held', '--remote', 'team'];
      return new StartedProgram(args, { cwd: folder, env: { ...process.env, DML_AUTHOR: author } });
    };
    const ada = begin(ours, 'ada');
    await until(() => counted().length === 1);
    expect(await ours.json('claim', 'list', 'team')).toMatchObject([{ call: 'held', owner: 'ada' }]);
    expect(await ours.ok('claim', 'list', 'team')).toMatch(/^[0-9a-f]{12} {2}held {2}ada {2}lease of /);
    const ben = begin(theirs, 'ben', '--json');
    const [line = ''] = await ben.until(/^.*"call-waiting".*$/m);
    expect(JSON.parse(line)).toMatchObject({ type: 'call-waiting', name: 'held', owner: 'ada' });
    ben.child.kill('SIGINT');
    await ben.ended;
    const eve = begin(theirs, 'eve');
    await eve.until(/wait +held\(.*, 7\) {2}waiting for ada, who runs it; this run takes the outcome/);
    writeFileSync(`${ran}.go`, '');
    expect((await ada.ended).exitCode).toBe(0);
    const { exitCode, stdout } = await eve.ended;
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('0 executed, 1 cached')]);
    expect(counted()).toEqual(['x']);
  });

  it('says once of each signer that its result is not used [DML-EXE-2821]', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { signer } = execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
    await ours.ok('remote', 'trust', 'team', signer);
    const worker = start('worker', shared, '--jobs', '2');
    await worker.until(/waiting for jobs/);
    const caller = start('run', 'work.ts', 'few', '--remote', 'team', '--on-workers');
    await caller.until(/nobody signed is not used/);
    await until(() => counted().length === 3 && filesBelow(join(shared, 'results')).length === 0);
    caller.child.kill('SIGINT');
    const { stderr } = await caller.ended;
    expect(stderr.match(/a result that nobody signed is not used; its call waits/g)).toHaveLength(1);
    expect(stderr).toContain(`"dml remote trust team ${signer} --unsigned"`);
    worker.child.kill('SIGKILL');
  });
});

describe('dml worker', () => {
  it('takes a place, or the name of a remote [DML-CLI-1230]', async () => {
    for (const place of [shared, `file://${shared}`, 'team']) {
      const { exitCode, stderr } = await start('worker', place, '--idle', '1').ended;
      expect([place, exitCode, stderr]).toEqual([place, 0, expect.stringContaining('waiting for jobs of')]);
    }
    expect(await ours.error(3, ['worker', 'nobody', '--idle', '1'])).toMatchObject({
      code: 'remote_unknown',
    });
    for (const options of [
      ['--jobs', '0'],
      ['--idle', 'x'],
      ['--lease', '-1'],
      ['--offers', 'gpu=0'],
      ['--trust', 'did:key:none'],
    ])
      expect(['invalid_argument', 'signer_invalid']).toContain(
        (await ours.error(2, ['worker', shared, '--idle', '1', ...options])).code,
      );
  });

  it('is refused where nothing is, or files of something else, and leaves nothing [DML-CLI-3802]', async () => {
    const below = join(shared, 'below');
    mkdirSync(below);
    const places = [join(shared, 'teem'), `file://${shared}/teem`, join(shared, 'not', 'there')];
    await ours.ok('remote', 'add', 'away', join(shared, 'away'));
    for (const place of [...places, 'away']) {
      const { exitCode, stderr } = await start('worker', place, '--idle', '1').ended;
      expect([place, exitCode, stderr]).toEqual([place, 3, expect.stringContaining('there is nothing at')]);
      expect(stderr).toContain('make the folder first, or begin the remote with "dml push"');
    }
    expect(filesBelow(shared)).toEqual(['below']);
    writeFileSync(join(below, 'holiday.jpg'), 'x');
    for (const place of [below, ours.folder]) {
      const before = filesBelow(place);
      const foreign = await ours.error(6, ['worker', place, '--idle', '1']);
      expect(foreign).toMatchObject({ code: 'remote_foreign' });
      expect(filesBelow(place)).toEqual(before);
    }
    const file = join(below, 'holiday.jpg');
    expect(await ours.error(3, ['worker', file, '--idle', '1'])).toMatchObject({ code: 'remote_missing' });
  });

  it('reports no access as such, once, and not as an unsafe remote [DML-REM-1933]', async () => {
    const server = await FaultServer.start('data');
    afterTests('test', () => server.close());
    const env = { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const denied = { kind: 'status', status: 403, code: 'AccessDenied', moment: 'before' } as const;
    const run = async (command: string, bucket: string, endpoint = server.endpoint): Promise<unknown[]> => {
      const place = `s3://${bucket}/x?endpoint=${encodeURIComponent(endpoint)}`;
      const idle = command === 'worker' ? ['--idle', '1'] : [];
      const words = [PROGRAM, ...command.split(' '), place, ...idle];
      const { exitCode, stderr, stdout } = await new StartedProgram(words, { cwd: ours.folder, env }).ended;
      expect([stderr, stdout]).toEqual([expect.not.stringMatching(/unsafe|waiting/), '']);
      // One message and one hint.
      expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(4);
      expect(stderr.match(/AccessDenied/g)?.length ?? 0).toBeLessThanOrEqual(1);
      return [command, exitCode, / refused to |does not exist/.exec(stderr)?.[0].trim()];
    };
    for (const command of ['worker', 'remote check']) {
      server.fail({ operation: 'PutObject' }, ...Array.from({ length: 50 }, () => denied));
      expect(await run(command, 'data')).toEqual([command, 6, 'refused to']);
      server.forget();
      expect(await run(command, 'nobucket')).toEqual([command, 3, 'does not exist']);
      server.modes.refusedAccessKey = 'test';
      expect(await run(command, 'data')).toEqual([command, 6, 'refused to']);
      server.modes.refusedAccessKey = undefined;
    }
  });

  it('is refused on a remote whose claims cannot be relied on [DML-CLI-1234]', async () => {
    const server = await FaultServer.start('data');
    afterTests('test', () => server.close());
    server.modes.conditions = 'ignored';
    const env = { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const place = `s3://data/x?endpoint=${encodeURIComponent(server.endpoint)}`;
    const worker = new StartedProgram([PROGRAM, 'worker', place, '--idle', '1'], { cwd: ours.folder, env });
    const { exitCode, stderr } = await worker.ended;
    expect([exitCode, stderr]).toEqual([13, expect.stringContaining('does not keep what it promises')]);
    expect(stderr).not.toContain('waiting for jobs');
    // One that is known to be safe is not checked again.
    await ours.ok('remote', 'check', 'team');
    const states = readdirSync(shared);
    expect((await start('worker', 'team', '--idle', '1').ended).exitCode).toBe(0);
    expect(readdirSync(shared)).toEqual(states);
  });

  it('reports when it is ready and what becomes of its jobs [DML-CLI-1231] [DML-CLI-1232]', async () => {
    const worker = start('--json', 'worker', shared, '--idle', '10');
    await worker.until(/worker-ready/);
    await ours.ok('run', 'work.ts', 'few', '--remote', 'team', '--on-workers');
    const { exitCode, stdout } = await worker.ended;
    const lines = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const types = lines.map(({ type }) => type);
    expect([exitCode, types[0], types.at(-1)]).toEqual([0, 'worker-ready', 'result']);
    expect(types.filter((type) => type === 'job-started')).toHaveLength(4);
    expect(lines.filter(({ type }) => type === 'job-ended')).toHaveLength(4);
    expect(lines.find(({ type }) => type === 'job-ended')).toMatchObject({
      schema: 1,
      job: { name: 'square', owner: 'tester', call: expect.stringMatching(/^square\(.*, \d, 5\)$/) },
      outcome: 'ok',
      isCached: false,
    });
    expect(lines.at(-1)).toMatchObject({ jobs: 4 });
    // Interrupted, it ends as well; what is under way goes to others.
    const other = start('worker', shared);
    await other.until(/waiting for jobs/);
    other.child.kill('SIGINT');
    expect((await other.ended).exitCode).toBe(0);
  });

  it('runs only jobs of those whom it is told to trust [DML-CLI-1233]', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const key = join(ours.folder, 'key.pem');
    writeFileSync(key, pem, { mode: 0o600 });
    const worker = start('worker', shared, '--trust', execSigner(pem, key).signer);
    await worker.until(/waiting for jobs/);
    const stranger = start('run', 'work.ts', 'few', '--remote', 'team', '--on-workers');
    await worker.until(/not run: signed by nobody, who is not trusted/);
    stranger.child.kill('SIGINT');
    await stranger.ended;
    expect(counted()).toEqual([]);
    await ours.ok('run', 'work.ts', 'few', '--remote', 'team', '--on-workers', '--sign', key);
    expect(counted()).toHaveLength(3);
    worker.child.kill('SIGKILL');
  });
});
