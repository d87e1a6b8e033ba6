import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { childProgram } from '../../test/child-program.ts';
import { temporaryFolder } from '../../test/fixture-store.ts';

describe('a stream of refused records', () => {
  it('is refused with the first and takes no memory, however often it comes [DML-STO-1014]', () => {
    const program = childProgram('transfer/hostile-streams');
    const child = spawnSync(process.execPath, [program, join(temporaryFolder(), 'store'), '10000', '200'], {
      encoding: 'utf8',
    });
    expect(child.stderr).toBe('');
    const told = JSON.parse(child.stdout) as { taken: number; grownKilobytes: number };
    expect(told).toMatchObject({ details: expect.any(Array), taken: 200 });
    process.stdout.write(`${child.stdout}\n`);
    expect(told.grownKilobytes).toBeLessThan(150_000);
  });
});
