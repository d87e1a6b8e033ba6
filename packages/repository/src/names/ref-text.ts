import { parseRefName, type RefName } from '@daggerml/store';

/** Returns a ref as people name it: a head without `refs/heads/`, any other ref in full. */
export function branchOf(name: RefName): string {
  const parts = parseRefName(name);
  return parts.kind === 'heads' ? parts.name : name;
}

/** Returns the name of a tag; any other ref in full. */
export function tagOf(name: RefName): string {
  const parts = parseRefName(name);
  return parts.kind === 'tags' ? parts.name : name;
}

/** Returns the UUID of an IndexRef. */
export function indexNameOf(name: RefName): string {
  const parts = parseRefName(name);
  return parts.kind === 'index' ? parts.uuid : name;
}

/** Returns a revision as people name it: a head by its branch, any other as it is. */
export function shortRevision(revision: string): string {
  return revision.startsWith('refs/heads/') ? branchOf(revision as RefName) : revision;
}
