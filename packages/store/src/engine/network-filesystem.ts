import { storeError } from '../errors.ts';

/**
 * Magic numbers of file systems that reach another machine. Their locks and mappings do not give what the
 * engine relies on: byte-range locks that hold between hosts, and mapped pages that see every write.
 */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xfe534d42, 'smb2'],
  [0xff534d42, 'cifs'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
  [0x564c, 'ncp'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'kafs'],
  [0x73757245, 'coda'],
  [0x00c36400, 'ceph'],
  [0x0bd00bd0, 'lustre'],
  [0x47504653, 'gpfs'],
  [0x01161970, 'gfs2'],
  [0x7461636f, 'ocfs2'],
  [0x19830326, 'beegfs'],
  [0xaad7aaea, 'panfs'],
  [0x20030528, 'orangefs'],
  [0x786f4256, 'vboxsf'],
]);

/**
 * Throws `store_network_filesystem` for a place the engine cannot be trusted in.
 *
 * @spec DML-STO-0108
 */
export function refuseNetworkFileSystem(path: string, type: number): void {
  const kind = NETWORK_FILE_SYSTEMS.get(type >>> 0);
  if (kind !== undefined) throw storeError('store_network_filesystem', { path, kind });
}
