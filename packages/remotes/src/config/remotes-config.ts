import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type CheckOwner, checkNewRefName, remoteRef } from '@daggerml/store';
import { z } from 'zod';
import { remoteError } from '../errors.ts';
import { canonicalJson } from '../format/canonical-json.ts';
import { isPublicationName } from '../format/publication.ts';
import { FORMAT, readJson } from '../format/read-json.ts';
import { countSchema, noteSchema } from '../format/scalars.ts';
import { parseRemoteUri } from '../remote-uri.ts';
import { keyOfDid } from '../signatures/did-key.ts';
import type { TrustPolicy } from '../signatures/exec-signature.ts';

/** A remote as a repository knows it. */
export interface ConfiguredRemote {
  /** Canonical remote URI. */
  readonly uri: string;
  /** Trust in the outcomes of its cache; all are trusted by default. */
  readonly trust?: TrustPolicy | undefined;
  /** Size of the largest blob whose content a fetch brings unless it is asked for; all by default. */
  readonly blobLimitBytes?: number | undefined;
  /** The check that it has passed; undefined before one. */
  readonly checked?: PassedCheck | undefined;
  /** True while the clone that the repository is made by has not ended. */
  readonly unfinished?: boolean | undefined;
}

/** A check that did not find a remote unsafe. */
export interface PassedCheck {
  readonly atMs: number;
  /** Name of the files that were checked, which another endpoint of the environment changes. */
  readonly place: string;
}

/** Canonical remote URI of the place where the publication of each reference lies, by the local name of the reference. */
export type ReferencePlaces = ReadonlyMap<string, string>;

/** Remotes of a repository by their names, sorted. */
export type RemotesConfig = ReadonlyMap<string, ConfiguredRemote>;

/** Longest configuration that is read. */
const MAX_CONFIG_BYTES = 2 ** 20;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  references: z
    .custom<Record<string, string>>(
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.entries(value).every(
          ([name, uri]) => isPublicationName(name) && typeof uri === 'string' && isUri(uri),
        ),
    )
    .optional(),
  remotes: z.custom<Record<string, ConfiguredRemote>>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.entries(value).every(([name, entry]) => isName(name) && entrySchema.safeParse(entry).success),
  ),
});

const entrySchema = z.strictObject({
  uri: z.string().refine(isUri),
  trust: z.strictObject({ keys: z.array(z.string().refine(isSigner)), unsigned: z.boolean() }).optional(),
  blobLimitBytes: z.int().nonnegative().optional(),
  checked: z.strictObject({ atMs: countSchema, place: noteSchema }).optional(),
  unfinished: z.literal(true).optional(),
});

function isSigner(text: string): boolean {
  return keyOfDid(text) !== undefined;
}

function isName(name: string): boolean {
  return accepts(() => checkRemoteName(name));
}

function isUri(uri: string): boolean {
  return accepts(() => parseRemoteUri(uri));
}

function accepts(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/**
 * Throws `remote_name_invalid` for a name that a remote may not have: it is a part of the names of its tracking refs.
 *
 * @spec DML-REM-0321
 */
export function checkRemoteName(name: string): void {
  try {
    if (name.includes('/')) throw new Error('it has a slash');
    checkNewRefName(remoteRef(name, 'x'));
  } catch (cause) {
    const { detail } = cause as { readonly detail?: string };
    throw remoteError(
      'remote_name_invalid',
      { name, detail: name.includes('/') ? 'slash' : (detail ?? 'form') },
      cause,
    );
  }
}

/**
 * Returns the remotes of a repository from its file; none where there is no file. `checkOwner` throws for a file of which
 * somebody else decides what is in it. Throws `remotes_unusable`.
 */
export function readRemotes(path: string, checkOwner?: CheckOwner): RemotesConfig {
  return readConfig(path, checkOwner).remotes;
}

/** Returns where the publications of references lie; throws as {@link readRemotes}. */
export function readReferencePlaces(path: string, checkOwner?: CheckOwner): ReferencePlaces {
  return readConfig(path, checkOwner).references;
}

/** Notes where the publication of a reference lies; as {@link addRemote}, under the write lock of the store. */
export function setReferencePlace(path: string, name: string, uri: string): void {
  const { remotes, references } = readConfig(path);
  writeConfig(path, { remotes, references: new Map(references).set(name, uri) });
}

interface Config {
  readonly remotes: RemotesConfig;
  readonly references: ReferencePlaces;
}

function readConfig(path: string, checkOwner?: CheckOwner): Config {
  const bytes = readPlainFile(path, checkOwner);
  if (bytes === undefined) return { remotes: new Map(), references: new Map() };
  try {
    const { remotes, references = {} } = readJson(bytes, schema, {
      remote: path,
      path,
      maxBytes: MAX_CONFIG_BYTES,
    });
    const sorted = Object.entries(remotes).sort(([left], [right]) => (left < right ? -1 : 1));
    return { remotes: new Map(sorted), references: new Map(Object.entries(references)) };
  } catch (cause) {
    // @spec DML-REM-0322
    const { code, detail } = cause as { code?: string; detail?: string };
    throw remoteError(
      'remotes_unusable',
      { path, detail: code === 'remote_format_newer' ? 'newer' : (detail ?? 'form') },
      cause,
    );
  }
}

/**
 * Adds a remote; throws `remote_exists`, and as {@link checkRemoteName} and {@link readRemotes}. One process at a time:
 * callers hold the write lock of the store.
 */
export function addRemote(path: string, name: string, remote: ConfiguredRemote): void {
  checkRemoteName(name);
  const remotes = new Map(readRemotes(path));
  // @spec DML-REM-0320
  const taken = remotes.get(name);
  if (taken !== undefined) throw remoteError('remote_exists', { name, uri: taken.uri });
  writeRemotes(path, remotes.set(name, remote));
}

/** Removes a remote and returns it; throws `remote_unknown`. */
export function removeRemote(path: string, name: string): ConfiguredRemote {
  const remotes = new Map(readRemotes(path));
  const found = findRemote(remotes, name);
  remotes.delete(name);
  writeRemotes(path, remotes);
  return found;
}

/** Throws `signer_invalid` for a text that is no `did:key` of an Ed25519 key. */
export function checkSigners(keys: readonly string[]): void {
  const wrong = keys.find((key) => !isSigner(key));
  if (wrong !== undefined) throw remoteError('signer_invalid', { key: wrong });
}

/**
 * Sets the trust in the outcomes of a remote; undefined trusts all. Throws `remote_unknown`, and `signer_invalid` for
 * what is no key.
 */
export function setTrust(path: string, name: string, trust: TrustPolicy | undefined): void {
  checkSigners(trust?.keys ?? []);
  const remotes = new Map(readRemotes(path));
  writeRemotes(path, remotes.set(name, { ...findRemote(remotes, name), trust }));
}

/** Sets the size above which fetches leave out blobs; undefined takes all. Throws `remote_unknown`. */
export function setBlobLimit(path: string, name: string, blobLimitBytes: number | undefined): void {
  const remotes = new Map(readRemotes(path));
  writeRemotes(path, remotes.set(name, { ...findRemote(remotes, name), blobLimitBytes }));
}

/** Notes that a clone has ended, and the limit of its fetches. Throws `remote_unknown`. */
export function finishClone(path: string, name: string, blobLimitBytes: number | undefined): void {
  const remotes = new Map(readRemotes(path));
  const finished = { ...findRemote(remotes, name), blobLimitBytes, unfinished: undefined };
  writeRemotes(path, remotes.set(name, finished));
}

/**
 * Notes the check that a remote has passed, or that it has passed none. Throws `remote_unknown`.
 *
 * @spec DML-REM-1413
 */
export function setChecked(path: string, name: string, checked: PassedCheck | undefined): void {
  const remotes = new Map(readRemotes(path));
  writeRemotes(path, remotes.set(name, { ...findRemote(remotes, name), checked }));
}

/** Returns the remote of a name; throws `remote_unknown` with the names there are. */
export function findRemote(remotes: RemotesConfig, name: string): ConfiguredRemote {
  const found = remotes.get(name);
  if (found === undefined)
    throw remoteError('remote_unknown', { name, names: [...remotes.keys()].join(', ') || 'none' });
  return found;
}

/** Replaces the remotes; references stay. */
function writeRemotes(path: string, remotes: RemotesConfig): void {
  writeConfig(path, { remotes, references: readReferencePlaces(path) });
}

/** Replaces the file as a whole, so that a crash leaves the old or the new one. @spec DML-REM-0323 */
function writeConfig(path: string, { remotes, references }: Config): void {
  const temporary = `${path}.tmp`;
  const bytes = canonicalJson({
    format: FORMAT,
    ...(references.size > 0 && { references: Object.fromEntries(references) }),
    remotes: Object.fromEntries(
      [...remotes].map(([name, { uri, trust, blobLimitBytes, checked, unfinished }]) => [
        name,
        {
          uri,
          ...(trust && { trust }),
          ...(blobLimitBytes !== undefined && { blobLimitBytes }),
          ...(checked && { checked }),
          ...(unfinished === true && { unfinished }),
        },
      ]),
    ),
  } as never);
  rmSync(temporary, { force: true });
  writeFileSync(temporary, bytes, { flag: 'wx', flush: true });
  renameSync(temporary, path);
}

/** Returns the bytes of a plain file, undefined where there is none; no link is followed. @spec DML-REM-0324 */
function readPlainFile(path: string, checkOwner: CheckOwner | undefined): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw remoteError('remotes_unusable', { path, detail: code === 'ELOOP' ? 'link' : String(code) }, cause);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.nlink > 1 || stats.size > MAX_CONFIG_BYTES)
      throw remoteError('remotes_unusable', { path, detail: stats.nlink > 1 ? 'link' : 'not_a_file' });
    checkOwner?.(path, stats);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
