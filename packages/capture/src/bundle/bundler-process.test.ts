import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'dml-ended-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the processes that a process started. */
function childrenOf(pid: number | undefined): readonly string[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return stdout.trim().split(/\s+/);
}

it('the bundler does not write to the standard error of its process [DML-CAP-0900]', async () => {
  const pipe = join(folder, 'step.ts');
  spawnSync('mkfifo', [pipe]);
  writeFileSync(join(folder, 'pipeline.ts'), `import { step } from './step.ts'; export const it = step;`);
  const program = new URL('../../dist/index.js', import.meta.url).href;
  const load = `const { loadModule } = await import(${JSON.stringify(program)});
    await loadModule(${JSON.stringify(join(folder, 'pipeline.ts'))});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', load], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  // Opening succeeds when somebody reads the file, for which the bundler waits from then on.
  const writer = await open(pipe, 'w');
  const bundlers = childrenOf(child.pid);
  expect(bundlers.map((pid) => readlinkSync(`/proc/${pid}/fd/2`))).toEqual(['/dev/null']);
  child.kill('SIGKILL');
  await once(child, 'close');
  await writer.close();
  expect(told).toBe('');
});
