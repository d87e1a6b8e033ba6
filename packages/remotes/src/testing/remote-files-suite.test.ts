import { describe, expect, it } from 'vitest';
import { MemoryRemote } from './memory-remote.ts';
import { remoteFilesSuite } from './remote-files-suite.ts';

describe('the remote in memory', () => {
  for (const { name, run } of remoteFilesSuite) {
    it(`${name} [DML-REM-0603]`, async () => {
      const remote = new MemoryRemote();
      await expect(run({ open: async () => remote.open() })).resolves.toBeUndefined();
    });
  }

  it('tells the time of the clock that it is given, and can be damaged by a test', async () => {
    const remote = new MemoryRemote({ name: 'a test', nowMs: () => 1234 });
    const files = remote.open();
    expect([files.name, await files.now()]).toEqual(['a test', 1234]);
    const path = `states/0-0-${'a'.repeat(64)}.json`;
    await files.put(path, Buffer.from('whole'));
    remote.plant(path, Buffer.from('torn'));
    expect(Buffer.from((await files.read(path)) ?? '').toString()).toBe('torn');
    remote.plant(path, undefined);
    expect(remote.paths).toEqual([]);
  });
});
