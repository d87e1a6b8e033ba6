import { createHash } from 'node:crypto';
import {
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
  ] as const)('meanwhile stays: %s [DML-CLI-2901]', async (_what, name, meanwhile, left) => {
    write('other', 'other');
    const outcome = await exportWhile(meanwhile, name, 'out');
    expect([outcome.exitCode, outcome.stderr]).toEqual([
      6,
      `dml: "${at('out')}" exists\nhint: choose another path, or give --force to replace it\n`,
    ]);
    expect(contentOf(work)).toEqual({ other: 'other', ...left });
    expect(readdirSync(work).sort()).toEqual(['other', 'out']);
  });

  it('is replaced with --force, and no hindrance where it goes away again', async () => {
    for (const meanwhile of [() => write('out/mine', 'mine'), () => rmSync(at('out'), { recursive: true })]) {
      write('out/old', 'old');
      const outcome = await exportWhile(meanwhile, 'report', 'out', '--force');
      expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
      expect([contentOf(at('out')), readdirSync(work)]).toEqual([REPORT, ['out']]);
    }
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
