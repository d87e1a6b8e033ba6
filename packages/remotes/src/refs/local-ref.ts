import { checkNewRefName, headRef, parseRefName, type RefName, remoteRef, tagRef } from '@daggerml/store';

/**
 * Returns the ref of a repository that follows a branch or tag of a remote, `heads/main` or `tags/v1`: a tracking ref, or
 * the tag; undefined where its name is too long to be followed.
 */
export function localRefOf(key: string, remoteName: string): RefName | undefined {
  const name = key.slice(key.indexOf('/') + 1);
  try {
    return key.startsWith('tags/') ? tagRef(name) : remoteRef(remoteName, name);
  } catch {
    return undefined;
  }
}

/**
 * Throws `ref_name_invalid` for a branch or tag of a remote that no repository may create, or follow under this name of
 * the remote.
 */
export function checkNewOnRemote(ref: RefName, remoteName: string): void {
  checkNewRefName(ref);
  const parts = parseRefName(ref);
  // The two together may be too long.
  if (parts.kind === 'heads') remoteRef(remoteName, parts.name);
}

/** Checks whether a branch or tag of a remote, `heads/main` or `tags/v1`, may be taken where nothing follows it yet. */
export function isTakenName(key: string, remoteName: string): boolean {
  const name = key.slice(key.indexOf('/') + 1);
  try {
    checkNewOnRemote(key.startsWith('tags/') ? tagRef(name) : headRef(name), remoteName);
    return true;
  } catch {
    return false;
  }
}
