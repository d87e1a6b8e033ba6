import { nfcText } from '@daggerml/object-model';
import { parseRefName, type Ref, type RefKind, type Store, tagRef } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import type { RecordReader } from '../workspace/record-reader.ts';
import { refuseShortId } from './find-by-digits.ts';
import { findWhole, refuseLongHistory } from './find-object.ts';
import { branchesOf, referencesOf, refuseEmptyBranch, tagsOf } from './ref-forms.ts';
import { unknownName } from './unknown-name.ts';

/** A ref that is looked for. */
interface Wanted {
  readonly detail: 'ref' | 'branch' | 'tag' | 'work';
  readonly wanted: string;
  /** Any when there is none. */
  readonly kind?: RefKind;
}

/** Finds a ref by any of its names; throws `unknown_name`, `no_commit`, and `wrong_class` for another object. */
export function findRef(reader: RecordReader, text: string): Ref {
  return findOfKind(reader, text, { detail: 'ref', wanted: 'ref' });
}

/** Finds a branch by any of its names; throws as `findRef`. */
export function findHead(reader: RecordReader, text: string): Ref {
  return findOfKind(reader, text, { detail: 'branch', wanted: 'branch', kind: 'heads' });
}

/** Finds a tag by any of its names; throws as `findRef`. @spec DML-REP-0352 */
export function findTag(reader: RecordReader, text: string): Ref {
  const ref = reader.store.getRef(tagRef(nfcText(text)));
  return ref ?? findOfKind(reader, text, { detail: 'tag', wanted: 'tag', kind: 'tags' });
}

/** Finds an IndexRef by any of its names; throws as `findRef`, and `short_prefix` and `ambiguous_prefix`. */
export function findIndexRef(reader: RecordReader, text: string): Ref {
  return findOfKind(reader, text, { detail: 'work', wanted: 'work in progress', kind: 'index' });
}

/** @spec DML-REP-0031 */
function findOfKind(reader: RecordReader, text: string, { detail, wanted, kind }: Wanted): Ref {
  const { store } = reader;
  const name = nfcText(text);
  const found = findWhole(reader, name);
  if (found?.ref !== undefined && (kind === undefined || parseRefName(found.ref.name).kind === kind))
    return found.ref;
  refuseEmptyBranch(store, name);
  // @spec DML-REP-0021
  if (found !== undefined)
    throw repositoryError(
      'wrong_class',
      { name, found: found.class, wanted },
      undefined,
      found.class === 'commit' ? `no_${detail}` : undefined,
    );
  // @spec DML-REP-0022
  refuseLongHistory(reader, name);
  if (kind === 'index') refuseShortId(name);
  throw unknownName({ name, detail, known: knownOf(store, kind) });
}

function knownOf(store: Store, kind: RefKind | undefined): readonly string[] {
  if (kind === 'index') return [];
  if (kind === 'tags') return tagsOf(store);
  return kind === 'heads'
    ? branchesOf(store)
    : [...branchesOf(store), ...tagsOf(store), ...referencesOf(store)];
}
