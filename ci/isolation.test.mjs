import { join } from 'node:path';
import { expect, it } from 'vitest';
import { capture } from '../tools/run/process.mjs';
import { root } from '../tools/run/workspace.mjs';
import { problemsOf } from './isolation.mjs';

const gate = (...args) => capture(process.execPath, [join(root, 'ci/isolation.mjs'), ...args], { cwd: root });
const ONE_KIND = ['--only', 'session row deleted by force', '--rounds', '3'];

it('is green for writers that stop when they were taken for dead', async () => {
  const { code, output } = await gate(...ONE_KIND);
  expect(output).toContain('"session_lost/taken_for_dead":3');
  expect(output).toMatch(/isolation: green \(.* s\)\n$/);
  expect(code).toBe(0);
});

it('is red for writers that go on then', async () => {
  const { code, output } = await gate(...ONE_KIND, '--unfenced');
  expect(output).toMatch(/^session row deleted by force: round \d: named after it was taken for dead/m);
  expect(output).toMatch(/^session row deleted by force: round \d: verify: \d+ findings/m);
  expect(output).toMatch(/isolation: red, \d+ problem\(s\) \(.* s\)\n$/);
  expect(code).toBe(1);
});

it('is red when nothing was played', () => {
  expect(problemsOf({ figures: [] })).toEqual(['nothing was played']);
  expect(problemsOf({ figures: [{ name: 'a', rounds: 0, broken: [] }] })).toEqual(['nothing was played']);
  expect(problemsOf({ figures: [{ name: 'a', rounds: 1, broken: ['x'] }] })).toEqual(['a: x']);
  expect(problemsOf({ figures: [{ name: 'a', rounds: 1, broken: [] }] })).toEqual([]);
});
