import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EDITS, edit, stage } from './stage.mjs';

// Starts or watches many processes, or goes through very many inputs.
vi.setConfig({ testTimeout: 300_000 });

const dml = fileURLToPath(new URL('../../packages/cli/dist/program/dml.js', import.meta.url));
const folder = join(import.meta.dirname, '.demo-test');

function run(...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [dml, '--json', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  // A run prints its events first.
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  return JSON.parse(args[0] === 'run' ? last : stdout);
}

describe('the flight delays demo', () => {
  beforeAll(() => {
    stage(folder);
    // Trees of fewer flights: what is computed matters here, not how well it fits.
    edit(join(folder, 'pipeline.ts'), 'sampleEvery: 6,', 'sampleEvery: 60,');
    run('init');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('computes every call once, then only what an edit reaches', () => {
    const none = { executed: 0, cached: 15, failed: 0 };
    for (const [change, outcome] of [
      [undefined, { changed: true, counts: { executed: 15, cached: 0, failed: 0 } }],
      [undefined, { changed: false, counts: none }],
      [EDITS.parameter, { changed: true, counts: { executed: 3, cached: 12, failed: 0 } }],
      [EDITS.comment, { changed: false, counts: none }],
      [EDITS.helper, { changed: true, counts: { executed: 13, cached: 2, failed: 0 } }],
    ] as const) {
      if (change !== undefined) edit(join(folder, change.file), change.from, change.to);
      expect(run('run', 'pipeline.ts'), change?.to).toMatchObject(outcome);
    }

    run('export', 'flight-delays', 'out');
    const report = readFileSync(join(folder, 'out/report.md'), 'utf8');
    expect(report).toContain('20000 flights were read');
    expect(report.match(/^\| (ridge|tree), /gm)).toHaveLength(6);
    expect(readFileSync(join(folder, 'out/delays.svg'), 'utf8')).toContain('<path d="M');
  });
});
