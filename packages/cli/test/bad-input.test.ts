import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '@daggerml/store';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { dml, NEWER_NODE_ID, type RefState, TestRepository } from './test-repository.ts';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

let repository: TestRepository;
let before: RefState;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
  before = await repository.refState();
});

/** Runs a pipeline file that must be refused, and checks that the repository is as it was. */
async function refused(file: string, ...rest: string[]): Promise<string> {
  const stderr = await repository.refusal(12, ['run', file, ...rest]);
  expect(stderr).toMatch(/^dml: [^\n]+\nhint: [^\n]+\n$/);
  expect(await repository.refState()).toEqual(before);
  return stderr;
}

function pipeline(body: string, extra = ''): string {
  return `import { blob, definePipeline, functions } from '@daggerml/bindings';
const steps = functions<typeof import('./steps.ts')>(new URL('./steps.ts', import.meta.url));
${extra}
export const it = definePipeline('it', async (dag) => {
  ${body}
});
`;
}

describe('a path that the system does not take', () => {
  const long = 'a'.repeat(10_000);
  const deep = 'a/'.repeat(3_000);

  it.each([
    ['too long', () => long, 'ENAMETOOLONG'],
    ['too deep', () => deep, 'ENAMETOOLONG'],
    ['a link to itself', () => join(repository.folder, 'loop'), 'ELOOP'],
    ['below a link to itself', () => join(repository.folder, 'loop/x'), 'ELOOP'],
  ])('%s is reported with its reason [DML-CLI-1241]', async (_what, path, errno) => {
    const entries = readdirSync(repository.folder);
    symlinkSync('loop', join(repository.folder, 'loop'));
    const place = path();
    // Of such a path a message shows both ends.
    const shown = place.replace(/\/$/, '').slice(-100);
    const told = await refused(place);
    expect(told).toContain(`${shown}" cannot be read (${errno})`);
    expect(told.length).toBeLessThan(1_300);
    await repository.run('report');
    for (const argv of [
      ['init', place],
      ['export', 'report', place],
    ]) {
      const { exitCode, stdout, stderr } = await repository.dml(argv);
      if (errno === 'ELOOP' && place.endsWith('loop')) expect([6, 10]).toContain(exitCode);
      else expect([argv[0], exitCode]).toEqual([argv[0], 10]);
      expect([stdout, stderr.includes(shown)]).toEqual(['', true]);
      expect(stderr).toMatch(/^dml: [^\n]+\nhint: [^\n]+\n$/);
    }
    rmSync(join(repository.folder, 'loop'));
    expect(readdirSync(repository.folder)).toEqual(entries);
    before = await repository.refState();
  });

  it('that leads through a file is that of no pipeline [DML-CLI-1203]', async () => {
    expect(await refused('steps.ts/x')).toContain('there is no file');
  });
});

describe('a folder that cannot be written', () => {
  it.each([
    ['below a file', () => join(repository.folder, 'steps.ts/new'), /made: a file .*\nhint: choose the path/],
    ['that the system owns', () => '/proc/new', /written \(E\w+\)\nhint: check its permissions/],
  ])('%s is reported by init with its path [DML-CLI-1201]', async (_, folder, words) => {
    const outcome = await dml(['init', folder()]);
    expect(outcome).toMatchObject({ exitCode: 10, stdout: '' });
    expect(outcome.stderr).toMatch(words);
    expect(outcome.stderr).toContain(folder());
    expect(existsSync(folder())).toBe(false);
  });

  it.each([
    ['below a file', () => join(repository.folder, 'steps.ts/new')],
    ['that the system owns', () => '/proc/new'],
  ])('%s is reported by export with its path [DML-CLI-1201]', async (_, path) => {
    await repository.run('report');
    before = await repository.refState();
    expect(await repository.refusal(10, ['export', 'report', path()])).toContain(
      `dml: "${path()}" cannot be `,
    );
    expect(await repository.refState()).toEqual(before);
  });
});

describe('a repository with a newer schema', () => {
  it('is refused with both versions and the hint to update [DML-CLI-1202]', async () => {
    const newer = await TestRepository.create();
    await newer.withStore((store) => {
      store.transact('test', (transaction) => transaction.setMeta('schema', SCHEMA_VERSION + 6));
    }, 'write');
    for (const argv of [['status'], ['run', 'pipelines.ts', 'sums'], ['gc'], ['log']]) {
      expect(await newer.refusal(9, argv)).toBe(
        `dml: the store has schema ${SCHEMA_VERSION + 6}; this version knows schemas up to ${SCHEMA_VERSION}\n` +
          'hint: update dml: install the newest @daggerml/cli\n',
      );
    }
  });
});

describe('a repository with records of a newer version', () => {
  it('has them told from damage, and is left alone by what cannot read them [DML-CLI-0501]', async () => {
    const newer = await TestRepository.create();
    await newer.run('sums');
    await newer.putNewerBranch();
    const nodeId = NEWER_NODE_ID;
    const update = 'update dml: install the newest @daggerml/cli';
    expect(await newer.refusal(9, ['show', nodeId])).toBe(
      'dml: a newer version of dml wrote a node record here that this one cannot read; nothing is damaged\n' +
        `hint: ${update}\n`,
    );
    expect(await newer.refusal(13, ['gc'])).toBe(
      `dml: nothing was deleted: a newer version of dml wrote the node ${nodeId.slice(0, 12)}, and this one cannot tell ` +
        `what it needs\nhint: ${update}\n`,
    );
    const verified = await newer.dml(['verify']);
    expect(verified).toMatchObject({ exitCode: 9, stderr: '' });
    expect(verified.stdout).toContain(`object newer: 1\n  class node  objectId ${nodeId}\n`);
    expect(verified.stdout).toContain(`a newer version of dml wrote what is newer; ${update}\n`);
    // With damage as well, damage it is.
    await newer.withStore((store) => {
      store.transact('harm', (transaction) => void transaction.put('datum', Buffer.from('no record')));
    }, 'write');
    expect((await newer.dml(['verify'])).exitCode).toBe(11);
    expect((await newer.dml(['status'])).exitCode).toBe(0);
    expect((await newer.dml(['run', 'pipelines.ts', 'values'])).exitCode).toBe(0);
  });
});

describe('a repository that has lost its data file', () => {
  it('is reported as such by every command, and by none as one to create', async () => {
    const lost = await TestRepository.create();
    const store = join(lost.folder, '.dml/store');
    rmSync(join(store, 'data.mdb'));
    const left = readdirSync(store);
    for (const argv of [['log'], ['run', 'pipelines.ts', 'sums'], ['init']]) {
      expect(await lost.refusal(10, argv)).toBe(
        `dml: the store in "${store}" has lost its file "data.mdb", which holds everything\n` +
          'hint: put the folder back from a backup or a copy, or move it away and run "dml init" for an empty repository\n',
      );
    }
    expect(readdirSync(store)).toEqual(left);
  });
});

describe('a pipeline file', () => {
  it('that does not exist is reported with the path that was looked for [DML-CLI-1203]', async () => {
    expect(await refused('sub/nothing.ts')).toContain(
      `there is no file "${join(repository.folder, 'sub/nothing.ts')}"`,
    );
    expect(await refused('/no/such/file.ts')).toContain('there is no file "/no/such/file.ts"');
  });

  it('that throws is reported with the message and the position in its own source [DML-CLI-1204]', async () => {
    repository.write('throws.ts', pipeline("const n: number = 1;\n  throw new Error('no data for ' + n);"));
    expect(await refused('throws.ts')).toContain('dml: throws.ts:6: no data for 1\n');
  });

  it('that throws in a file it imports is reported with that position [DML-CLI-1204]', async () => {
    repository.write(
      'lib/deep.ts',
      'type Row = { a: number };\n\nexport function read(row?: Row): number {\n  return row!.a;\n}\n',
    );
    repository.write('imports.ts', pipeline('return read();', "import { read } from './lib/deep.ts';"));
    expect(await refused('imports.ts')).toMatch(/dml: lib\/deep\.ts:4: Cannot read properties of undefined/);
  });

  it('that throws while it is loaded is reported with the position [DML-CLI-1204]', async () => {
    repository.write('early.ts', `type X = 1;\nthrow new TypeError('too early');\n`);
    expect(await refused('early.ts')).toContain('dml: early.ts:2: too early\n');
  });

  it.each([
    ["'a text'", 'a text'],
    ['undefined', 'undefined'],
    ['{ no: 1 }', '{ no: 1 }'],
    ['Object.create(null)', '[Object: null prototype] {}'],
  ])('that throws %s, which is no error, is reported with it', async (thrown, message) => {
    repository.write('value.ts', pipeline(`throw ${thrown};`));
    expect(await refused('value.ts')).toContain(`dml: value.ts: ${message}\n`);
    repository.write('early.ts', `export const x = 1;\nthrow ${thrown};\n`);
    expect(await refused('early.ts')).toContain(`dml: early.ts: ${message}\n`);
  });

  it.each([
    [
      'const when = new Date(0);\n  dag.literal({ when } as never);',
      /^dml: bad\.ts:6:7: when is a Date and cannot be stored\nhint: use its ISO/,
    ],
    [
      "const one = dag.literal(1);\n  dag.name('root', one);",
      /^dml: bad\.ts:6:7: the name "root" is reserved\n/,
    ],
    ["\n  await dag.file('nowhere.csv');", /^dml: bad\.ts:6:13: "[^"]+nowhere\.csv" cannot be read/],
    [
      'const one = dag.literal(1);\n  return 1 + (one as never);',
      /^dml: bad\.ts:6:\d+: the handle of the literal \(node \w+\) is used as text or a number before it has a value\nhint: use await/,
    ],
  ])(
    'that gives what is refused is reported with its line and column: case %# [DML-CLI-1208]',
    async (body, said) => {
      repository.write('bad.ts', pipeline(body));
      expect(await refused('bad.ts')).toMatch(said);
    },
  );

  it('with a syntax error is reported with its line', async () => {
    repository.write('broken.ts', 'export const a = 1;\nexport const b = (;\n');
    expect(await refused('broken.ts')).toMatch(/dml: broken\.ts:2: \S/);
  });

  it('that exports no pipeline is told how to', async () => {
    expect(await refused('steps.ts')).toMatch(
      /exports no pipeline\nhint: export one: export const name = definePipeline/,
    );
    repository.write('empty.ts', '');
    expect(await refused('empty.ts')).toContain('exports no pipeline');
    repository.write('data.json', '{"a": 1}');
    expect(await refused('data.json')).toContain('exports no pipeline');
  });

  it('that exports several wants a name, and says which there are', async () => {
    const names = 'clock, fails, lost, parallel, raw, report, runs-forever, stalls, 3 more';
    expect(await refused('pipelines.ts')).toContain(
      `exports several pipelines: ${names}\nhint: name one: dml run`,
    );
    expect(await refused('pipelines.ts', 'sum')).toContain(
      'exports no pipeline named "sum"; it exports: clock',
    );
  });

  it('that is a folder, a device, a pipe or far too large is refused unread', async () => {
    mkdirSync(join(repository.folder, 'folder.ts'));
    expect(await refused('folder.ts')).toContain('folder.ts" is a folder\n');
    expect(await refused('/dev/zero')).toContain('"/dev/zero" is not a regular file\n');
    execFileSync('mkfifo', [join(repository.folder, 'pipe.ts')]);
    expect(await refused('pipe.ts')).toContain('is not a regular file\n');
    const huge = join(repository.folder, 'huge.ts');
    writeFileSync(huge, '');
    truncateSync(huge, 3 * 1024 ** 3);
    expect(await refused('huge.ts')).toContain('has 3.0 GiB, more than any file of code (16.0 MiB)\n');
  });

  it('that is not text is refused', async () => {
    repository.write('binary.ts', new Uint8Array([0xff, 0xfe, 0, 1, 2, 0x80]));
    expect(await refused('binary.ts')).toContain('dml: ');
  });
});
