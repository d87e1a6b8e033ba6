import fs from 'node:fs';

/** Functions of the system that capturing files uses. */
export type FileSystem = Pick<
  typeof fs,
  | 'readdirSync'
  | 'lstatSync'
  | 'statSync'
  | 'statfsSync'
  | 'readlinkSync'
  | 'realpathSync'
  | 'readFileSync'
  | 'openSync'
  | 'fstatSync'
  | 'readSync'
  | 'closeSync'
>;

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = fs;
