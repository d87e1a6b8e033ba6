import { sha256Hex } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';

/** Kinds of immutable files, which are folders of a remote. */
export type FileKind = 'states' | 'segments' | 'indexes' | 'caches' | 'absences';

const SUFFIX = {
  states: '.json',
  segments: '.car',
  indexes: '.index',
  caches: '.cache',
  absences: '.car',
} as const satisfies Record<FileKind, string>;

const NUMBER = '(?:0|[1-9][0-9]{0,15})';
const HASH = '[0-9a-f]{64}';
const NONCE = '[0-9a-f]{32}';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

// Names of refs are in states and part of no path: some file systems take two that differ in case for one.
// @spec DML-REM-0422
const IMMUTABLE = new RegExp(
  `^(?:states/(${NUMBER})-(${NUMBER})-(${HASH})\\.json` +
    `|(?:(?:segments|absences)/(${NUMBER})-(${HASH})-${NONCE}\\.car` +
    `|indexes/(${NUMBER})-(${HASH})-${NONCE}\\.index|caches/(${NUMBER})-(${HASH})-${NONCE}\\.cache))$`,
);
const MUTABLE = new RegExp(`^(?:CURRENT|claims/${HASH}|(?:check|exec|results)/${UUID})\\.json$`);
const CHECK_FILE = new RegExp(`^check/${UUID}\\.bin$`);
/** Mutable files that are ever deleted: their names are of one check or execution alone, and not used again. */
const PASSING = new RegExp(`^(?:check/${UUID}\\.(?:bin|json)|(?:exec|results)/${UUID}\\.json)$`);
const PREFIX =
  /^(?:|(?:states|segments|indexes|caches|absences|claims|exec|results|check)\/[0-9a-f-]{0,200})$/;

/** Returns the path of a file of a check, which `dml remote check` writes and removes; `.json` is mutable. */
export function checkFilePath(uuid: string, suffix: 'bin' | 'json'): string {
  return `check/${uuid}.${suffix}`;
}

/** Path of the one mutable file that names the state. */
export const CURRENT_PATH = 'CURRENT.json';

/** Returns the path of an immutable file. */
export function filePath(kind: FileKind, name: string): string {
  return `${kind}/${name}${SUFFIX[kind]}`;
}

/**
 * Returns a name, without folder and suffix, under which nobody has written and will write.
 *
 * @spec DML-REM-0420
 */
export function newFileName(epoch: number, bytes: Uint8Array, nonce: Uint8Array): string {
  return `${epoch}-${sha256Hex(bytes)}-${Buffer.from(nonce).toString('hex')}`;
}

/** Random bytes in the name of a file. */
export const NONCE_BYTES = 16;

/** Throws `remote_damaged` unless the bytes of an immutable file are those that its path says. */
export function checkHash(path: string, bytes: Uint8Array, remote: string): void {
  if (parseFilePath(path)?.hash !== sha256Hex(bytes))
    throw remoteError('remote_damaged', { remote, path, detail: 'hash' });
}

/** Facts in the name of an immutable file; the sequence is that of a state. */
export interface FileFacts {
  readonly epoch: number;
  readonly sequence: number | undefined;
  /** SHA-256 of the file in hexadecimal digits. */
  readonly hash: string;
}

/** Returns the facts in the path of an immutable file; undefined for any other path. */
export function parseFilePath(path: string): FileFacts | undefined {
  const match = IMMUTABLE.exec(path);
  if (match === null) return undefined;
  const [, stateEpoch, sequence, stateHash, ...others] = match;
  if (stateHash !== undefined)
    return { epoch: Number(stateEpoch), sequence: Number(sequence), hash: stateHash };
  const [epoch, hash] = others.filter((part) => part !== undefined);
  return { epoch: Number(epoch), sequence: undefined, hash: hash as string };
}

/** Checks whether a path is that of a mutable file. */
export function isMutablePath(path: string): boolean {
  return MUTABLE.test(path);
}

/** Checks whether a path is that of any file of a remote. */
export function isLayoutPath(path: string): boolean {
  return IMMUTABLE.test(path) || MUTABLE.test(path) || CHECK_FILE.test(path);
}

/** Paths that an operation accepts; `removable` are those of immutable files, of the files of a check and of exec refs. */
export type PathSort = 'immutable' | 'mutable' | 'prefix' | 'removable';

const FORMS: Readonly<Record<PathSort, readonly RegExp[]>> = {
  immutable: [IMMUTABLE, CHECK_FILE],
  mutable: [MUTABLE],
  prefix: [PREFIX],
  removable: [IMMUTABLE, PASSING],
};

/**
 * Throws `remote_path_invalid` unless a path is that of a file of the wanted sort, or a prefix of such paths.
 *
 * @spec DML-REM-0617
 */
export function checkPath(path: string, sort: PathSort): void {
  if (typeof path !== 'string' || !FORMS[sort].some((form) => form.test(path)))
    throw remoteError('remote_path_invalid', { path });
}
