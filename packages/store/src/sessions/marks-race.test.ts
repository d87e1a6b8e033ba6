import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterTests } from '@daggerml/testkit';
import { expect, it, vi } from 'vitest';
import { closedStore } from '../../test/fixture-store.ts';

// Starts processes.
vi.setConfig({ testTimeout: 120_000 });

const PROCESSES = 4;
const STORE = new URL('../../dist/index.js', import.meta.url).href;

/** Puts the same marks as all others at the same time, and prints which it got; goes on when its input ends. */
const CHILD = `
  import { createHash } from 'node:crypto';
  import { existsSync, readSync, writeSync } from 'node:fs';
  const { openStore } = await import(process.argv[1]);
  const store = await openStore(process.argv[2], { mode: 'write' });
  const marks = Array.from({ length: 2000 }, (_, index) => createHash('sha256').update(String(index)).digest('hex'));
  writeSync(1, 'ready\\n');
  while (!existsSync(process.argv[3]));
  const got = [];
  for (let from = 0; from < marks.length; from += 5) {
    const wanted = marks.slice(from, from + 5);
    const foreign = store.marks.put(wanted);
    got.push(...wanted.flatMap((mark, index) => foreign.has(mark) ? [] : [from + index]));
  }
  writeSync(1, JSON.stringify(got) + '\\n');
  readSync(0, Buffer.alloc(1));
  await store.close();`;

it('that many want at the same time are given to one of them at most [DML-STO-1953]', async () => {
  const path = await closedStore();
  const go = `${path}-go`;
  afterTests('test', () => rmSync(go, { force: true }));
  const outputs: string[] = [];
  const children = Array.from({ length: PROCESSES }, (_, index) => {
    const args = ['--input-type=module', '-e', CHILD, STORE, path, go];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    afterTests('test', () => void child.kill('SIGKILL'));
    outputs.push('');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      outputs[index] += text;
    });
    return child;
  });
  await vi.waitUntil(() => outputs.every((output) => output.includes('ready')), { timeout: 60_000 });
  expect(existsSync(go)).toBe(false);
  writeFileSync(go, '');
  await vi.waitUntil(() => outputs.every((output) => output.includes(']')), { timeout: 60_000 });
  for (const child of children) child.stdin.end();
  await Promise.all(children.map((child) => once(child, 'close')));
  const got = outputs.flatMap((output) => JSON.parse(output.split('\n')[1] as string) as number[]);
  expect(got.length).toBeGreaterThan(0);
  expect(new Set(got).size).toBe(got.length);
});
