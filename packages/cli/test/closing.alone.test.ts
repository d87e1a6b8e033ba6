import { storeError } from '@daggerml/store';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { describeError } from '../src/wording/error-report.ts';
import { EXITS } from '../src/wording/exits.ts';
import { hintsOf, wordsOf } from './error-sources.ts';
import { TestRepository } from './test-repository.ts';

/** Whether closing a store fails, as it does when the disk refuses the last sync. */
const disk = vi.hoisted(() => ({ refuses: false }));

vi.mock('@daggerml/store', async (importOriginal) => {
  const original = await importOriginal<typeof import('@daggerml/store')>();
  const openStore: typeof original.openStore = async (path, options) => {
    const store = await original.openStore(path, options);
    const close = store.close.bind(store);
    store.close = async () => {
      await close();
      if (disk.refuses) throw original.storeError('store_close_failed', { path: store.path, errno: 'EIO' });
    };
    return store;
  };
  return { ...original, openStore };
});

let repository: TestRepository;
beforeAll(async () => {
  repository = await TestRepository.create();
  await repository.run('sums');
});

async function whileRefused(argv: readonly string[]) {
  disk.refuses = true;
  try {
    return await repository.dml(argv);
  } finally {
    disk.refuses = false;
  }
}

const WARNING =
  /^warning: the work is done and kept, but the store in ".*" could not be closed in order \(EIO\)$/m;

describe('a repository that cannot be closed in order', () => {
  it('is a warning after work that is done and kept [DML-CLI-0551]', async () => {
    const branched = await whileRefused(['branch', 'feature']);
    expect(branched).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^feature is at /) });
    expect(branched.stderr).toMatch(WARNING);
    expect(await repository.ok('branch')).toContain('feature');
    const ran = await whileRefused(['run', 'pipelines.ts', 'report']);
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^committed report as /m) });
    expect(ran.stderr).toMatch(WARNING);
    expect(await repository.ok('dag', 'list')).toContain('report');
    // With --json there is no talk, and one document.
    const listed = await whileRefused(['--json', 'branch']);
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(listed.stdout)).toHaveLength(2);
  });

  it('does not take the place of what went wrong before [DML-CLI-0552]', async () => {
    for (const [argv, exitCode, message] of [
      [['branch', 'feature'], 6, /^dml: .*feature/],
      [['run', 'pipelines.ts', 'fails'], 7, /^dml: the call "boom of three: boom\(add\(1, 2\)\)" failed/m],
      [['show', 'nothing'], 3, /^dml: /],
    ] as const) {
      const ended = await whileRefused(argv);
      expect(ended.exitCode, ended.stderr).toBe(exitCode);
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).not.toMatch(/could not be closed/);
    }
  });
});

describe('damage', () => {
  /** Codes of what was read and cannot be right, or is gone that should be there. */
  const OF_DAMAGE = [
    'store_damaged',
    'history_invalid',
    'object_missing',
    'ref_target_missing',
    'gc_refused',
    'backup_refused',
    'remote_damaged',
    'transfer_invalid',
  ];

  it('is a word for what was read and cannot be right, and for nothing else [DML-CLI-0553]', () => {
    const damaged = Object.keys(EXITS).filter((code) =>
      [...wordsOf(code), ...hintsOf(code)].some((text) =>
        /damage|dml verify/.test(text.replace('nothing is damaged', '')),
      ),
    );
    const records = damaged.filter((code) => code.startsWith('invalid_'));
    expect(damaged.filter((code) => !records.includes(code)).sort()).toEqual([...OF_DAMAGE].sort());
    // What a system refuses, and what others hold, has words of its own.
    for (const error of [
      storeError('store_unreadable', { path: '/p', errno: 'EIO' }),
      storeError('store_busy', { detail: 'process_number', path: '/p', pid: 1, namespace: 'another' }),
      storeError('store_busy', { detail: 'write_lock', path: '/p', pid: 1 }),
      storeError('session_lost', { detail: 'taken_for_dead', path: '/p' }),
      storeError('session_lost', { detail: 'replaced', path: '/p' }),
      storeError('store_write_failed', { label: 'commit', errno: 'EIO' }),
    ]) {
      const { message, hint = '', exit } = describeError(error, '/');
      expect(`${message} ${hint}`).not.toMatch(/damage|verify|nothing of this step/);
      expect(exit).toBe(10);
    }
    expect(
      describeError(
        storeError('store_busy', { detail: 'write_lock', path: '/p', pid: 7, namespace: 'another' }),
        '/',
      ).message,
    ).toBe(
      'process 7 of another process namespace, such as a container, holds the repository for writing and does not go on',
    );
  });
});
