import { describe, expect, it } from 'vitest';
import { isMountReadOnly, mountIdOf } from './read-only-mount.ts';

const MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
31 22 8:1 /data /mnt/a\\040copy ro,nosuid,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
310 22 7:3 / /snap/x rw,nodev,relatime - squashfs /dev/loop3 ro
32 22 0:5 / /mnt/ro rw,relatime - tmpfs ro rw,size=10k
33 22 0:6 / /mnt/b rw,relatime master:2 propagate_from:1 - tmpfs none rw
`;

describe('a read-only mount', () => {
  it('is told by its own options or by those of its file system', () => {
    const ids = ['22', '31', '310', '32', '33', '3', '99'];
    expect(ids.filter((mountId) => isMountReadOnly(MOUNTS, mountId))).toEqual(['31', '310']);
    expect(isMountReadOnly('', '22')).toBe(false);
  });

  it('is found by the mount that an open file says it is on', () => {
    expect(mountIdOf('pos:\t0\nflags:\t0100000\nmnt_id:\t310\nino:\t5\n')).toBe('310');
    expect(mountIdOf('pos:\t0\nflags:\t0100000\n')).toBeUndefined();
  });
});
