import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { specOf, TODAY, VERIFIED } from '../test/memory-suite.ts';
import { snapshot, temporaryRepository, writeInto } from '../test/temporary-repository.ts';
import { type Ending, run } from './dispatch.ts';

const SPEC = 'specs/10-object-model.md';

function spec(root: string, ...args: string[]): Promise<Ending> {
  return run(args, { folder: root, today: TODAY, say: () => undefined });
}

async function generated(files: Readonly<Record<string, string>> = VERIFIED): Promise<string> {
  const root = temporaryRepository(files);
  await spec(root, 'review', '--all');
  return root;
}

const OPEN_SUITE = {
  ...VERIFIED,
  [SPEC]: specOf(
    '[DML-OBJ-0001] Names MUST be sorted.',
    '[DML-OBJ-0002] Values MUST be sorted.',
    '[DML-OBJ-0003] {planned} Links MUST be sorted.',
    '[DML-OBJ-0004] {exception: no codec; until 2027-01-31} Pages MUST be sorted.',
    '[DML-OBJ-0005] {retired} Trees MUST be sorted.',
  ),
};

describe('show', () => {
  it('prints text, level, state, section, owner and tests [DML-TRC-0801]', async () => {
    const root = await generated();
    const { stdout, exitCode } = await spec(root, 'show', 'DML-OBJ-0001');
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'DML-OBJ-0001 (MUST, verified)',
        'Names MUST be sorted.',
        '',
        'section  specs/10-object-model.md#names',
        'owner    packages/object-model/src/name.ts:1',
        'test     passed packages/object-model/src/name.test.ts > sorts names',
      ].join('\n'),
    );
  });

  it('is what an id alone means, in any case', async () => {
    const root = await generated();
    expect(await spec(root, 'dml-obj-0001')).toEqual(await spec(root, 'show', 'DML-OBJ-0001'));
  });

  it('says that a text changed or was never indexed', async () => {
    const root = await generated();
    writeInto(
      root,
      SPEC,
      specOf('[DML-OBJ-0001] Names MUST be short.', '[DML-OBJ-0002] Values MUST be short.'),
    );
    expect((await spec(root, 'DML-OBJ-0001')).stdout).toMatch(
      /^DML-OBJ-0001 \(MUST, verified, text changed since/,
    );
    expect((await spec(root, 'DML-OBJ-0002')).stdout).toMatch(/^DML-OBJ-0002 \(MUST, not in the index yet/);
  });

  it('answers an unknown id with the nearest ones [DML-TRC-0808]', async () => {
    const root = await generated(OPEN_SUITE);
    for (const args of [['DML-OBJ-0009'], ['show', 'DML-OBJ-0009'], ['review', 'DML-OBJ-0009']]) {
      expect(await spec(root, ...args)).toEqual({
        stdout: '',
        stderr:
          'error: no specification defines DML-OBJ-0009; did you mean DML-OBJ-0001, DML-OBJ-0002, DML-OBJ-0003?',
        exitCode: 2,
      });
    }
    expect((await spec(root, 'show', 'DML-XYZ-0001')).stderr).toContain('did you mean DML-OBJ-0001');
  });
});

describe('open', () => {
  it('lists open, suspect and excepted requirements, and counts the planned ones [DML-TRC-0803] [DML-TRC-0917]', async () => {
    const root = await generated(OPEN_SUITE);
    writeInto(root, SPEC, OPEN_SUITE[SPEC].replace('Names MUST be sorted', 'Names MUST be short'));
    await spec(root, 'generate');
    const expected = [
      'DML-OBJ-0001 MUST       suspect',
      'DML-OBJ-0002 MUST       open',
      'DML-OBJ-0004 MUST       exception',
      '1 open, 1 suspect, 1 exception, 1 planned; --planned lists these too',
    ];
    expect((await spec(root, '--open')).stdout.split('\n')).toEqual(expected);
    expect((await spec(root, 'open')).stdout.split('\n')).toEqual(expected);
  });

  it('adds the planned ones on demand [DML-TRC-0803]', async () => {
    const root = await generated(OPEN_SUITE);
    const { stdout } = await spec(root, '--open', '--planned');
    expect(stdout.match(/^DML-OBJ-\d+/gm)).toEqual(['DML-OBJ-0002', 'DML-OBJ-0003', 'DML-OBJ-0004']);
    expect(stdout).toMatch(/\n1 open, 0 suspect, 1 exception, 1 planned$/);
  });
});

describe('review', () => {
  const changed = specOf('[DML-OBJ-0001] Names MUST be short.', '[DML-OBJ-0002] Values MUST be short.');
  const suspect = async (): Promise<string> => {
    const root = await generated({
      ...VERIFIED,
      [SPEC]: specOf('[DML-OBJ-0001] Names MUST be sorted.', '[DML-OBJ-0002] Values MUST be sorted.'),
    });
    writeInto(root, SPEC, changed);
    await spec(root, 'generate');
    return root;
  };
  const states = async (root: string): Promise<string[]> => {
    const { requirements } = JSON.parse((await spec(root, 'open', '--json')).stdout);
    return requirements.map(({ id, state }: { id: string; state: string }) => `${id} ${state}`);
  };

  it('touches the ids named and no other [DML-TRC-0804]', async () => {
    const root = await suspect();
    expect(await states(root)).toEqual(['DML-OBJ-0001 suspect', 'DML-OBJ-0002 suspect']);
    expect(await spec(root, 'review', 'DML-OBJ-0001')).toMatchObject({
      stdout: 'reviewed DML-OBJ-0001',
      exitCode: 0,
    });
    expect(await states(root)).toEqual(['DML-OBJ-0002 suspect']);
  });

  it('takes every suspect one with --all and leaves nothing to generate [DML-TRC-0805]', async () => {
    const root = await suspect();
    expect((await spec(root, 'review', '--all')).stdout).toBe('reviewed DML-OBJ-0001\nreviewed DML-OBJ-0002');
    expect(await states(root)).toEqual(['DML-OBJ-0002 open']);
    const reviewed = snapshot(root);
    await spec(root, 'generate');
    expect(snapshot(root)).toEqual(reviewed);
    expect((await spec(root, 'review', '--all')).stdout).toBe('nothing to review');
  });

  it('wants ids or --all and not both', async () => {
    const root = await generated();
    expect((await spec(root, 'review')).exitCode).toBe(2);
    expect((await spec(root, 'review', '--all', 'DML-OBJ-0001')).exitCode).toBe(2);
  });

  it('takes an id that is new', async () => {
    const root = await generated();
    writeInto(root, SPEC, changed);
    expect((await spec(root, 'review', 'DML-OBJ-0002')).stdout).toBe('reviewed DML-OBJ-0002');
    expect(await states(root)).toEqual(['DML-OBJ-0001 suspect', 'DML-OBJ-0002 open']);
  });

  it('writes nothing while results are missing, and says so [DML-TRC-0609] [DML-TRC-0610]', async () => {
    const root = await suspect();
    rmSync(join(root, 'test-results'), { recursive: true });
    const before = snapshot(root);
    const { exitCode, stdout } = await spec(root, 'review', '--all');
    expect([exitCode, stdout.split('\n', 1)[0]]).toEqual([
      1,
      'wrote nothing: the generated files keep what the last complete run showed',
    ]);
    expect(snapshot(root)).toEqual(before);
  });
});

describe('check and generate', () => {
  it('check writes nothing, also when it is red [DML-TRC-0605]', async () => {
    for (const files of [VERIFIED, OPEN_SUITE]) {
      const root = temporaryRepository(files);
      const before = snapshot(root);
      expect((await spec(root, 'check')).exitCode).toBe(1);
      expect(snapshot(root)).toEqual(before);
    }
  });

  it('check is red until generate has written, and green after [DML-TRC-0606]', async () => {
    const root = temporaryRepository(VERIFIED);
    expect((await spec(root, 'check')).stdout).toContain('file_outdated');
    await spec(root, 'review', '--all');
    rmSync(join(root, 'COMPLIANCE.md'));
    writeInto(
      root,
      'requirements/gone.yaml',
      '# Generated by `npm run spec -- generate`; do not edit by hand.\n',
    );
    expect((await spec(root, 'check')).stdout).toMatch(
      /COMPLIANCE.*is not there[\s\S]*gone.*belongs to no document/,
    );
    expect((await spec(root, 'generate')).stdout).toBe(
      'wrote COMPLIANCE.md\nwrote requirements/gone.yaml\n0 red, 0 notes',
    );
    expect(await spec(root, 'check')).toEqual({ stdout: '0 red, 0 notes', stderr: '', exitCode: 0 });
  });

  const OF_ONE_PROJECT = JSON.stringify({ configured: ['object-model', 'store'], testResults: [] });

  it.each([
    ['no results', undefined],
    ['results that cannot be read', '{'],
    ['results of some projects', OF_ONE_PROJECT],
  ])(
    'generate keeps the files while there are %s, and says so [DML-TRC-0609] [DML-TRC-0610]',
    async (_, results) => {
      const root = await generated();
      if (results === undefined) rmSync(join(root, 'test-results'), { recursive: true });
      else writeInto(root, 'test-results/object-model.json', results);
      writeInto(root, SPEC, specOf('[DML-OBJ-0001] Names MUST be short.'));
      const before = snapshot(root);
      const { exitCode, stdout } = await spec(root, 'generate');
      expect([exitCode, stdout.split('\n', 1)[0]]).toEqual([
        1,
        'wrote nothing: the generated files keep what the last complete run showed',
      ]);
      expect(stdout).not.toMatch(/^wrote (?!nothing)/m);
      expect(snapshot(root)).toEqual(before);
      expect(JSON.parse((await spec(root, 'generate', '--json')).stdout).written).toEqual([]);
    },
  );
});

describe('arguments', () => {
  it('that name no command or option are one error with the commands [DML-TRC-0807]', async () => {
    const root = await generated();
    const commands = 'the commands are show, open, check, generate, review, mutate';
    expect(await spec(root, 'verify')).toEqual({
      stdout: '',
      stderr: `error: unknown command verify; ${commands}`,
      exitCode: 2,
    });
    expect(await spec(root, 'check', '--fast')).toMatchObject({
      stdout: '',
      exitCode: 2,
      stderr: expect.stringContaining(commands),
    });
    expect((await spec(root, 'check', '--fast')).stderr).toContain('--fast');
    expect((await spec(root, 'show')).exitCode).toBe(2);
    expect((await spec(root, 'show', 'DML-OBJ-0001', 'DML-OBJ-0002')).exitCode).toBe(2);
    expect((await spec(root, 'mutate', 'object-model', '--sample', 'x')).stderr).toContain(
      '--sample takes a whole number',
    );
    expect((await spec(root, 'mutate', 'nothing')).stderr).toContain('the packages are object-model');
  });

  it('of a mutation check that choose nothing that can be tried are errors', async () => {
    const root = await generated(OPEN_SUITE);
    const refused = async (...args: string[]): Promise<string> => {
      const { stderr, exitCode } = await spec(root, 'mutate', ...args);
      expect(exitCode).toBe(2);
      return stderr;
    };
    expect(await refused('DML-OBJ-0099')).toContain(
      'no specification defines DML-OBJ-0099; did you mean DML-OBJ',
    );
    expect(await refused('dml-obj-0002')).toContain('DML-OBJ-0002 is not verified');
    expect(await refused('DML-OBJ-0001', '--from', 'DML-OBJ-0001')).toContain('where no ID is named');
    expect(await refused('object-model', '--from', 'DML-OBJ-0900')).toContain(
      'no verified requirement is chosen',
    );
    expect(await refused('object-model', 'store')).toContain('usage: npm run spec -- mutate');
    rmSync(join(root, 'test-results'), { recursive: true });
    expect(await refused()).toContain('no verified requirement is chosen: run `npm test` first');
  });

  it('may be none: then the help is printed', async () => {
    const root = await generated();
    for (const args of [[], ['--help'], ['check', '-h']]) {
      const { stdout, exitCode } = await spec(root, ...args);
      expect([exitCode, stdout.split('\n')[2]]).toEqual([0, 'usage: npm run spec -- <command> [--json]']);
    }
  });
});

describe('exit codes', () => {
  it('are 0 green, 1 red, 2 wrong arguments, 3 not readable or writable [DML-TRC-0809]', async () => {
    const root = await generated();
    expect((await spec(root, 'check')).exitCode).toBe(0);
    writeInto(root, 'docs/A.md', '[a](gone.md)\n');
    expect((await spec(root, 'check')).exitCode).toBe(1);
    expect((await spec(root, 'generate')).exitCode).toBe(1);
    expect((await spec(root, 'nonsense')).exitCode).toBe(2);
    writeInto(root, 'requirements/object-model.yaml', '[');
    expect((await spec(root, 'DML-OBJ-0001')).exitCode).toBe(3);
    expect((await spec(root, 'open')).exitCode).toBe(3);
    expect((await spec('/', 'check')).exitCode).toBe(3);
    expect((await spec('/', 'check', '--root', root)).exitCode).toBe(1);
  });
});

describe('--json', () => {
  it.each([
    ['check', 'findings'],
    ['generate', 'written'],
    ['open', 'requirements'],
    ['--help', 'help'],
  ])('%s prints one document with %s [DML-TRC-0810]', async (command, key) => {
    const root = await generated();
    const { stdout } = await spec(root, command, '--json');
    expect(JSON.parse(stdout)).toHaveProperty(key);
  });

  it('prints show, review and errors as a document too [DML-TRC-0810]', async () => {
    const root = await generated();
    expect(JSON.parse((await spec(root, 'DML-OBJ-0001', '--json')).stdout)).toMatchObject({
      text: 'Names MUST be sorted.',
    });
    expect(JSON.parse((await spec(root, 'review', '--all', '--json')).stdout)).toEqual({
      reviewed: [],
      written: [],
    });
    expect(JSON.parse((await spec(root, 'nonsense', '--json')).stdout)).toEqual({
      error: expect.stringContaining('nonsense'),
    });
  });
});
