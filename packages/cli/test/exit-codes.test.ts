import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../src/invocation/exit-code.ts';
import { NEWER_NODE_ID, type Surroundings, TestRepository } from './test-repository.ts';

let repository: TestRepository;
let dataFile: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  await repository.ok('branch', 'older');
  await repository.ok('branch', 'side');
  await repository.run('values');
  await repository.ok('switch', 'side');
  await repository.run('raw');
  await repository.ok('switch', 'main');
  dataFile = join(repository.folder, '.dml/store/data.mdb');
  cpSync(join(repository.folder, '.dml'), join(repository.folder, 'pristine'), { recursive: true });
});
beforeEach(() => {
  rmSync(join(repository.folder, '.dml'), { recursive: true });
  cpSync(join(repository.folder, 'pristine'), join(repository.folder, '.dml'), { recursive: true });
});

interface Scenario {
  readonly title: string;
  readonly exit: number;
  readonly argv: readonly string[];
  readonly prepare?: () => void | Promise<void>;
  readonly around?: () => Surroundings;
}

/** A command line that never ends on its own, interrupted as soon as a call runs. */
function interrupted(): Surroundings {
  const interrupt = new AbortController();
  return {
    signal: interrupt.signal,
    onTalk: (text) => {
      if (text.includes('running in')) interrupt.abort();
    },
  };
}

function empty(): Surroundings {
  return { cwd: emptyRepository.folder };
}

let emptyRepository: TestRepository;
beforeAll(async () => {
  emptyRepository = await TestRepository.create();
});

async function setSchema(schema: number): Promise<void> {
  await repository.withStore((store) => {
    store.transact('test', (transaction) => transaction.setMeta('schema', schema));
  }, 'write');
}

const failing = (): number => {
  throw new TypeError('the clock broke');
};

const FOREVER = ['run', 'pipelines.ts', 'runs-forever'];

const SCENARIOS: readonly Scenario[] = [
  { title: 'a command that is done', exit: EXIT.done, argv: ['status'] },
  {
    title: 'an unexpected failure',
    exit: EXIT.defect,
    argv: ['run', 'pipelines.ts', 'sums'],
    around: () => ({ nowMs: failing }),
  },
  { title: 'an unknown command', exit: EXIT.usage, argv: ['frobnicate'] },
  { title: 'an unknown subcommand', exit: EXIT.usage, argv: ['wip', 'lst'] },
  { title: 'an unknown option', exit: EXIT.usage, argv: ['gc', '--dry'] },
  { title: 'a missing argument', exit: EXIT.usage, argv: ['merge'] },
  { title: 'one argument too many', exit: EXIT.usage, argv: ['status', 'now'] },
  { title: 'an empty argument', exit: EXIT.usage, argv: ['show', ''] },
  { title: 'an option without its value', exit: EXIT.usage, argv: ['status', '--repo'] },
  { title: 'an invalid branch name', exit: EXIT.usage, argv: ['branch', '..'] },
  { title: 'an invalid ref name', exit: EXIT.usage, argv: ['branch', 'x~1'] },
  { title: 'a dag where a commit is wanted', exit: EXIT.usage, argv: ['branch', 'new', 'sums'] },
  { title: 'an unknown object', exit: EXIT.unknownObject, argv: ['show', 'nothing'] },
  { title: 'an unknown id', exit: EXIT.unknownObject, argv: ['show', 'f'.repeat(64)] },
  { title: 'an unknown head', exit: EXIT.unknownObject, argv: ['switch', 'nowhere'] },
  { title: 'an unknown ref', exit: EXIT.unknownObject, argv: ['ref', 'nowhere'] },
  { title: 'an unknown IndexRef', exit: EXIT.unknownObject, argv: ['wip', 'prune', '0000'] },
  { title: 'a branch without a commit', exit: EXIT.unknownObject, argv: ['show', 'main'], around: empty },
  { title: 'a short prefix', exit: EXIT.ambiguous, argv: ['show', 'abc'] },
  { title: 'no repository', exit: EXIT.notARepository, argv: ['status', '--repo', '/'] },
  { title: 'a path that exists', exit: EXIT.refused, argv: ['export', 'values', 'steps.ts'] },
  { title: 'a branch that exists', exit: EXIT.refused, argv: ['branch', 'older'] },
  {
    title: 'a merge that is no fast-forward',
    exit: EXIT.refused,
    argv: ['merge', '--ff-only', 'main', 'side'],
  },
  { title: 'a failed call', exit: EXIT.callFailed, argv: ['run', 'pipelines.ts', 'fails'] },
  { title: 'a lost call', exit: EXIT.infrastructure, argv: ['run', 'pipelines.ts', 'lost'] },
  { title: 'a newer schema', exit: EXIT.newer, argv: ['status'], prepare: () => setSchema(99) },
  {
    title: 'a record of a newer version',
    exit: EXIT.newer,
    argv: ['show', NEWER_NODE_ID],
    prepare: () => repository.putNewerBranch(),
  },
  {
    title: 'a store cut short',
    exit: EXIT.storage,
    argv: ['status'],
    prepare: () => truncateSync(dataFile, 5000),
  },
  {
    title: 'a target below a file',
    exit: EXIT.storage,
    argv: ['export', 'values', 'steps.ts/below', '--force'],
  },
  {
    title: 'a damaged object',
    exit: EXIT.damage,
    argv: ['verify'],
    prepare: () => {
      const bytes = readFileSync(dataFile);
      for (let place = bytes.indexOf('stored content'); place >= 0; place = bytes.indexOf('stored content')) {
        bytes.write('STORED', place);
      }
      writeFileSync(dataFile, bytes);
    },
  },
  { title: 'a pipeline file that does not exist', exit: EXIT.pipeline, argv: ['run', 'nothing.ts'] },
  { title: 'a file without a pipeline', exit: EXIT.pipeline, argv: ['run', 'steps.ts'] },
  { title: 'nothing to keep for gc', exit: EXIT.unsafe, argv: ['gc'], around: empty },
  {
    title: 'a closed terminal',
    exit: EXIT.hungUp,
    argv: FOREVER,
    around: () => ({ ...interrupted(), endedBy: 'SIGHUP' }),
  },
  { title: 'an interrupt', exit: EXIT.interrupted, argv: FOREVER, around: interrupted },
  {
    title: 'an end by the system',
    exit: EXIT.terminated,
    argv: FOREVER,
    around: () => ({ ...interrupted(), endedBy: 'SIGTERM' }),
  },
];

/** Refusals that must not leave even a trace. */
const TRACELESS: readonly number[] = [2, 3, 4, 5, 6, 9, 13];

async function heads(): Promise<unknown> {
  return await repository.withStore((store) => [store.head(), store.readRefs('heads')]);
}

function fileHash(): string {
  return createHash('sha256').update(readFileSync(dataFile)).digest('hex');
}

describe('the exit code', () => {
  it('has a scenario for every code of the table', () => {
    const codes = new Set(SCENARIOS.map(({ exit }) => exit));
    expect([...codes].sort((a, b) => a - b)).toEqual(Object.values(EXIT));
  });

  /** Carries a scenario out and expects its code, and that `stateOf` returns what it did before. */
  async function judge({ exit, argv, prepare, around }: Scenario, stateOf: () => unknown): Promise<void> {
    await prepare?.();
    const before = await stateOf();
    const { exitCode, stderr } = await repository.dml(argv, around?.());
    expect(exitCode, stderr).toBe(exit);
    // No wording has a gap where a field was missing.
    const worded = stderr.split('\n').filter((line) => /^(dml|hint): /.test(line));
    expect(worded).toHaveLength(exit === EXIT.done || exit === EXIT.damage ? 0 : 2);
    for (const line of worded) expect(line).not.toMatch(/""| \(\)|\{\w+\}|undefined|[:;,] *$| {2,}/);
    expect(await stateOf()).toEqual(before);
  }

  it.each(SCENARIOS.filter(({ exit }) => TRACELESS.includes(exit)))(
    'of $title is $exit, and leaves refs and journal as they were [DML-CLI-0501] [DML-CLI-0505]',
    (scenario) => judge(scenario, scenario.exit === EXIT.newer ? fileHash : () => repository.refState()),
  );

  it.each(SCENARIOS.filter(({ exit }) => !TRACELESS.includes(exit)))(
    'of $title is $exit, and leaves the heads as they were [DML-CLI-0501] [DML-CLI-0503]',
    (scenario) => judge(scenario, scenario.title === 'a store cut short' ? fileHash : heads),
  );
});
