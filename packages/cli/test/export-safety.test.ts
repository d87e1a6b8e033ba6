import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeEnvironment } from '@daggerml/store';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, TestRepository } from './test-repository.ts';

let repository: TestRepository;
let work: string;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('report');
  work = join(repository.folder, 'work');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function at(path: string): string {
  return join(work, path);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

/** Exports while somebody else does something between the first files that are written. */
function exportWhile(meanwhile: () => void, ...argv: string[]): Promise<Outcome> {
  let isDone = false;
  const { signal } = new AbortController();
  signal.throwIfAborted = () => {
    if (!isDone) meanwhile();
    isDone = true;
  };
  return repository.dml(['export', ...argv], { cwd: work, signal });
}

/** Every file below a folder with its content; links by what they lead to, without following them. */
function contentOf(folder: string, below = ''): Record<string, string> {
  const entries = readdirSync(join(folder, below))
    .sort()
    .flatMap((each) => {
      const name = join(below, each);
      const stats = lstatSync(join(folder, name));
      if (stats.isDirectory()) return Object.entries(contentOf(folder, name));
      const text = stats.isSymbolicLink()
        ? `-> ${readlinkSync(join(folder, name))}`
        : readFileSync(join(folder, name), 'latin1');
      return [[name, text] as const];
    });
  return Object.fromEntries(entries);
}

const REPORT = { 'best.json': '"tree"\n', 'images/chart.svg': '<svg/>\n', 'report.md': '# Total 6\n' };
const SOURCE = 'some text\n';

describe('what comes to stand where an export goes', () => {
  it.each([
    ['a file, where a folder goes', 'report', () => write('out', 'mine'), { out: 'mine' }],
    ['a folder with a file', 'report', () => write('out/mine.txt', 'mine'), { 'out/mine.txt': 'mine' }],
    ['an empty folder', 'report', () => mkdirSync(at('out'), { mode: 0o700 }), {}],
    ['a link that leads nowhere', 'report', () => symlinkSync('nowhere', at('out')), { out: '-> nowhere' }],
    ['a file, where a file goes', 'report#source', () => write('out', 'mine'), { out: 'mine' }],
    ['a folder, where a file goes', 'report#source', () => mkdirSync(at('out')), {}],
    ['a link to another file', 'report#source', () => symlinkSync('other', at('out')), { out: '-> other' }],
  ] as const)('meanwhile stays: %s [DML-CLI-0841]', async (_what, name, meanwhile, left) => {
    write('other', 'other');
    const outcome = await exportWhile(meanwhile, name, 'out');
    expect([outcome.exitCode, outcome.stderr]).toEqual([
      6,
      `dml: "${at('out')}" exists\nhint: choose another path, or give --force to replace it\n`,
    ]);
    expect(contentOf(work)).toEqual({ other: 'other', ...left });
    expect(readdirSync(work).sort()).toEqual(['other', 'out']);
  });

  it.each([
    ['written to', () => write('out', 'changed')],
    [
      'replaced',
      () => {
        write('new', 'changed');
        renameSync(at('new'), at('out'));
      },
    ],
  ])(
    'stays in the place of a file that --force was to replace, and is %s [DML-CLI-0841]',
    async (_how, meanwhile) => {
      for (const name of ['report', 'report#source']) {
        write('out', 'old');
        expect(await exportWhile(meanwhile, name, 'out', '--force'), name).toMatchObject({ exitCode: 6 });
        expect(contentOf(work)).toEqual({ out: 'changed' });
        expect(readdirSync(work)).toEqual(['out']);
      }
    },
  );

  it('is no hindrance to --force when what stood there went away', async () => {
    write('out/old', 'old');
    expect(
      await exportWhile(() => rmSync(at('out'), { recursive: true }), 'report', 'out', '--force'),
    ).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect([contentOf(at('out')), readdirSync(work)]).toEqual([REPORT, ['out']]);
  });
});

describe('what is put into a folder that --force replaces', () => {
  it('is kept, and its place is told [DML-CLI-0842]', async () => {
    for (const name of ['seen', 'changed', 'deep/seen', 'deep/er/seen']) write(`out/${name}`, 'old');
    symlinkSync('seen', at('out/link'));
    const meanwhile = (): void => {
      write('out/mine.txt', 'mine');
      write('out/deep/mine.txt', 'mine too');
      write('out/changed', 'changed');
      mkdirSync(at('out/empty'));
    };
    const outcome = await exportWhile(meanwhile, 'report', 'out', '--force');
    expect(outcome.exitCode).toBe(0);
    expect(contentOf(at('out'))).toEqual(REPORT);
    const [kept = ''] = readdirSync(work).filter((name) => name !== 'out');
    expect(outcome.stderr).toBe(
      `another process wrote into ${at('out')} during the export; what it wrote is kept in ${at(`${kept}/old`)}\n`,
    );
    expect(contentOf(at(`${kept}/old`))).toEqual({
      changed: 'changed',
      'deep/mine.txt': 'mine too',
      'mine.txt': 'mine',
    });
    expect(readdirSync(at(`${kept}/old`)).sort()).toEqual(['changed', 'deep', 'empty', 'mine.txt']);
  });

  it('is named in the document as well [DML-CLI-0842]', async () => {
    write('out/seen', 'old');
    const outcome = await exportWhile(() => write('out/mine', 'mine'), 'report', 'out', '--force', '--json');
    const { kept, leftovers } = JSON.parse(outcome.stdout) as { kept: string; leftovers: unknown };
    expect([contentOf(kept), leftovers, outcome.stderr]).toEqual([{ mine: 'mine' }, [], '']);
  });
});

describe('what a killed export has left', () => {
  const mine = nodeEnvironment().process;
  // A process that has the number by now began at another time.
  const dead = { ...mine, startTime: '1' };

  /** Leaves a work folder as an export leaves it that is killed after it has moved away what stood there. */
  function leave(maker: object | undefined, hasOld: boolean): string {
    const folder = at(`.dml-export-77-${randomUUID()}`);
    mkdirSync(join(folder, 'new', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'new', 'deep', 'part'), 'part');
    symlinkSync(work, join(folder, 'new', 'link'));
    if (hasOld) writeFileSync(join(folder, 'old'), 'precious');
    if (maker !== undefined)
      writeFileSync(join(folder, 'export.json'), JSON.stringify({ process: maker, target: at('gone') }));
    chmodSync(folder, 0o700);
    return folder;
  }

  it('is removed by the next one to the same folder [DML-CLI-0843]', async () => {
    write('other', 'mine');
    const left = leave(dead, false);
    expect(await repository.dml(['export', 'report', 'out'], { cwd: work })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(existsSync(left)).toBe(false);
    expect(contentOf(work)).toMatchObject({ other: 'mine' });
  });

  it('stays when it may be of one that lives, or of somebody else [DML-CLI-0843]', async () => {
    mkdirSync(work);
    const left = [
      leave(mine, false),
      leave({ ...dead, pidNamespace: 'another' }, false),
      leave(undefined, false),
      leave(dead, false),
      leave(dead, false),
      at('.dml-export-file'),
      at('.dml-export-link'),
    ];
    chmodSync(left[3] as string, 0o770);
    chmodSync(left[4] as string, 0o707);
    writeFileSync(left[5] as string, 'mine');
    symlinkSync(leave(dead, false).replace('.dml-export-', '.other-'), left[6] as string);
    const before = left.map((folder) => (lstatSync(folder).isDirectory() ? contentOf(folder) : folder));
    expect(await repository.dml(['export', 'report', 'out'], { cwd: work })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(left.map((folder) => (lstatSync(folder).isDirectory() ? contentOf(folder) : folder))).toEqual(
      before,
    );
  });

  it('keeps what stood at the path, and says where [DML-CLI-0844]', async () => {
    mkdirSync(work);
    const left = leave(dead, true);
    for (let round = 0; round < 2; round += 1) {
      const outcome = await repository.dml(['export', 'report', `out ${round}`], { cwd: work });
      expect([outcome.exitCode, outcome.stderr]).toEqual([
        0,
        `an export to ${at('gone')} was killed and has left what stood there in ${join(left, 'old')}: move it back or delete it\n`,
      ]);
      expect(readdirSync(left).sort()).toEqual(['export.json', 'old']);
      expect(readFileSync(join(left, 'old'), 'utf8')).toBe('precious');
    }
    const { stdout } = await repository.dml(['export', 'report', 'out', '--json'], { cwd: work });
    expect(JSON.parse(stdout)).toMatchObject({
      leftovers: [{ target: at('gone'), path: join(left, 'old') }],
    });
    rmSync(join(left, 'old'));
    expect(await repository.dml(['export', 'report', 'out 3'], { cwd: work })).toMatchObject({ stderr: '' });
    expect(existsSync(left)).toBe(false);
  });
});

describe('an export that would meet the repository by links', () => {
  const fingerprint = (): string =>
    createHash('sha256')
      .update(readFileSync(join(repository.folder, '.dml/store/data.mdb')))
      .update(readdirSync(join(repository.folder, '.dml'), { recursive: true }).join('\n'))
      .digest('hex');

  it.each([
    ['to ".dml"', '.dml', ['link', 'link/store', 'link/new', 'link/store/new/deeper', 'link/store/data.mdb']],
    ['to its store', '.dml/store', ['link', 'link/new']],
    ['to a file of it', '.dml/store/data.mdb', ['link']],
    ['to the folder around it', '.', ['link', 'link/.dml', 'link/.dml/store', 'link/work/../.dml/x']],
    ['to a folder above it', '..', ['link']],
  ])('is refused: a link %s [DML-CLI-0840]', async (_what, target, paths) => {
    mkdirSync(work);
    symlinkSync(join(repository.folder, target), at('link'));
    symlinkSync('link', at('second link'));
    const before = fingerprint();
    for (const path of [...paths, ...paths.map((each) => each.replace('link', 'second link'))]) {
      for (const name of ['report', 'report#source']) {
        const outcome = await repository.dml(['export', name, path, '--force'], { cwd: work });
        expect([path, outcome.exitCode, outcome.stdout]).toEqual([path, 6, '']);
        expect(outcome.stderr).toContain('is in the repository, or holds it or the current folder');
      }
    }
    expect([fingerprint(), readdirSync(work).sort()]).toEqual([before, ['link', 'second link']]);
  });

  it('is refused where ".dml" itself is a link, by either path [DML-CLI-0840]', async () => {
    const own = await TestRepository.create();
    const elsewhere = join(own.folder, 'elsewhere', 'dml');
    mkdirSync(dirname(elsewhere));
    renameSync(join(own.folder, '.dml'), elsewhere);
    symlinkSync(elsewhere, join(own.folder, '.dml'));
    await own.run('report');
    for (const path of ['.dml', '.dml/x', 'elsewhere', 'elsewhere/dml', 'elsewhere/dml/store/x']) {
      expect([path, (await own.dml(['export', 'report', path, '--force'])).exitCode]).toEqual([path, 6]);
    }
    expect(await own.dml(['export', 'report', 'elsewhere/out'])).toMatchObject({ exitCode: 0 });
  });

  it('goes where a link leads that leads elsewhere', async () => {
    write('place/old', 'old');
    symlinkSync('place', at('link'));
    expect(await repository.dml(['export', 'report#source', 'link/new'], { cwd: work })).toMatchObject({
      exitCode: 0,
    });
    expect(contentOf(at('place'))).toEqual({ new: SOURCE, old: 'old' });
    // A link at the path itself is what is replaced.
    expect(await repository.dml(['export', 'report', 'link', '--force'], { cwd: work })).toMatchObject({
      exitCode: 0,
    });
    expect([contentOf(at('link')), contentOf(at('place'))]).toEqual([REPORT, { new: SOURCE, old: 'old' }]);
  });
});
