import { canonicalName, encodeKeyName, isDmlError } from '@daggerml/object-model';
import { type StoreError, storeError } from '../errors.ts';
import { isUuid } from '../tables/keyspace.ts';
import { brokenRule, suggestedName } from './ref-name-rules.ts';

declare const refNameBrand: unique symbol;

/** The full name of a ref, e.g. `refs/heads/main`; names inside are as users write them, not percent-encoded. */
export type RefName = string & { readonly [refNameBrand]: 'RefName' };

export type RefKind = 'heads' | 'tags' | 'index' | 'remotes' | 'exec' | 'references';

/** The parts of a ref's name. */
export type RefParts =
  | { readonly kind: 'heads' | 'tags' | 'references'; readonly name: string }
  | { readonly kind: 'index' | 'exec'; readonly uuid: string }
  | { readonly kind: 'remotes'; readonly remote: string; readonly name: string };

/** Longest path of a ref below `refs/`, which a ref record holds whole. */
const MAX_PATH_BYTES = 1019;
/** Remote and name up to this length together have a path that is short enough whatever is in them. */
const SHORT_UNITS = 100;

function checkedName(name: string, refName: string): string {
  try {
    if (canonicalName(name) === name) return name;
  } catch (cause) {
    // @spec DML-STO-0324
    throw refusal(refName, name, { rule: isDmlError(cause) ? cause.detail : undefined }, cause);
  }
  throw refusal(refName, name, { rule: 'not_canonical' });
}

interface Fault {
  readonly rule?: string | undefined;
  readonly character?: string;
}

/** Returns the refusal of a name for the rule that it breaks, with a name that would do. */
function refusal(refName: string, name: string, { rule, character }: Fault, cause?: unknown): StoreError {
  const suggestion = suggestedName(name);
  return storeError(
    'ref_name_invalid',
    {
      refName,
      name,
      kind: refName.startsWith('refs/tags/') ? 'tag' : isReferenceRef(refName) ? 'reference' : 'branch',
      suggestion,
      instead: `"${suggestion}" would do`,
      ...(character !== undefined && { character }),
      ...(rule !== undefined && { detail: rule }),
    },
    cause,
  );
}

function remotePath(remote: string, name: string): string {
  return `remotes/${encodeKeyName(remote)}/${encodeKeyName(name)}`;
}

/** Splits a full ref name; throws `ref_name_invalid` for anything that is not one. */
export function parseRefName(refName: string): RefParts {
  const [refs, kind, ...rest] = refName.split('/');
  const tail = rest.join('/');
  // @spec DML-STO-1980
  if (refs === 'refs' && (kind === 'heads' || kind === 'tags' || kind === 'references'))
    return { kind, name: checkedName(tail, refName) };
  // @spec DML-STO-1201
  if (refs === 'refs' && (kind === 'index' || kind === 'exec') && isUuid(tail)) return { kind, uuid: tail };
  if (refs === 'refs' && kind === 'remotes' && rest.length >= 2) {
    const name = rest.slice(1).join('/');
    const remote = checkedName(rest[0] as string, refName);
    checkedName(name, refName);
    // @spec DML-STO-0311
    if (refName.length > SHORT_UNITS && remotePath(remote, name).length > MAX_PATH_BYTES)
      throw storeError('ref_name_invalid', { refName, detail: 'too_long' });
    return { kind, remote, name };
  }
  // @spec DML-STO-0305
  throw storeError('ref_name_invalid', { refName });
}

/** Returns the name as a `RefName` after checking it. */
export function asRefName(refName: string): RefName {
  parseRefName(refName);
  return refName as RefName;
}

/**
 * Throws `ref_name_invalid` for a name that a new ref may not have, with the rule as its detail, the name as people
 * type it as `name`, the `character` in question where there is one, and a `suggestion` that would do. Refs of the
 * kinds `index` and `exec` are named by UUIDs and break no rule.
 *
 * @spec DML-STO-0320
 */
export function checkNewRefName(refName: RefName): void {
  const parts = parseRefName(refName);
  if (!('name' in parts)) return;
  const name = 'remote' in parts ? `${parts.remote}/${parts.name}` : parts.name;
  const broken = brokenRule(name);
  if (broken === undefined) return;
  throw refusal(refName, name, broken);
}

/** Returns `refs/heads/<name>`. */
export function headRef(name: string): RefName {
  return asRefName(`refs/heads/${name}`);
}

/** Returns `refs/tags/<name>`. */
export function tagRef(name: string): RefName {
  return asRefName(`refs/tags/${name}`);
}

/** Returns `refs/references/<name>`. */
export function referenceRef(name: string): RefName {
  return asRefName(`refs/references/${name}`);
}

/** Checks whether a ref leads to a reference, and not to a commit. */
export function isReferenceRef(refName: string): boolean {
  return refName.startsWith('refs/references/');
}

/** Returns `refs/index/<uuid>`, a ref that belongs to no process. @spec DML-STO-1202 DML-STO-1203 */
export function indexRef(uuid: string): RefName {
  return asRefName(`refs/index/${uuid}`);
}

/** Returns `refs/exec/<uuid>`. */
export function execRef(uuid: string): RefName {
  return asRefName(`refs/exec/${uuid}`);
}

/** Returns `refs/remotes/<remote>/<name>`. */
export function remoteRef(remote: string, name: string): RefName {
  return asRefName(`refs/remotes/${remote}/${name}`);
}

/** Returns the key a ref is stored under: its path without `refs/`, names percent-encoded. */
export function refKey(refName: string): Buffer {
  const parts = parseRefName(refName);
  // @spec DML-STO-0002
  const path =
    'uuid' in parts
      ? `${parts.kind}/${parts.uuid}`
      : 'remote' in parts
        ? remotePath(parts.remote, parts.name)
        : `${parts.kind}/${encodeKeyName(parts.name)}`;
  return Buffer.from(path, 'utf8');
}

/** Reads the ref name back from the key of a row whose checksum held. */
export function parseRefKey(key: Uint8Array): RefName {
  const path = Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
  // Most names hold nothing that is encoded.
  if (!path.includes('%')) return `refs/${path}` as RefName;
  try {
    return `refs/${path.split('/').map(decodeURIComponent).join('/')}` as RefName;
  } catch (cause) {
    throw storeError('store_damaged', { table: 'refs', detail: 'key_form' }, cause);
  }
}
