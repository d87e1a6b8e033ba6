import { type CommitId, formatSize, type ReferenceId, treeEntries } from '@daggerml/object-model';
import type { TakeResult } from '@daggerml/remotes';
import type { RecordReader } from '@daggerml/repository';
import type { StoredReference } from '@daggerml/store';
import type { Output } from './output.ts';
import { formatCount } from './quantities.ts';

/** A reference as the fields of a result. */
export interface ReferenceFields {
  readonly reference: string;
  readonly referenceId: ReferenceId;
  readonly published: string;
  readonly domain: string;
  readonly commitId: CommitId | null;
  readonly takenMs: number;
}

/** Returns a reference, and those that its domain has published with it. */
export function referenceFields(
  reader: RecordReader,
  { name, referenceId, reference }: StoredReference,
): ReferenceFields & { readonly onward: readonly ReferenceFields[] } {
  const onward = [...treeEntries('references', reference.references, reader)];
  return {
    ...fieldsOf({ name, referenceId, reference }),
    onward: onward.map(([each, id]) =>
      fieldsOf({ name: each, referenceId: id, reference: reader.read('reference', id) }),
    ),
  };
}

function fieldsOf({ name, referenceId, reference }: StoredReference): ReferenceFields {
  const { domain, commitId, takenMs } = reference;
  return { reference: name, referenceId, published: reference.name, domain, commitId, takenMs };
}

/** Returns a reference that was taken as the fields of a result. */
export function takenFields(name: string, taken: TakeResult): object {
  const { reference, referenceId, before, isChanged, counts, stubs, tombstones } = taken;
  return {
    ...fieldsOf({ name, referenceId, reference }),
    fromCommitId: before?.reference.commitId ?? null,
    changed: isChanged,
    requests: counts.requests,
    receivedBytes: counts.bytes,
    withheld: stubs,
    tombstones,
  };
}

/** Returns lines that say what was taken. */
export function takenLines(output: Output, name: string, { reference, isChanged }: TakeResult): string {
  const { commitId, domain } = reference;
  const title = output.style('bold', output.safe(name));
  if (!isChanged) return `${title} has nothing new`;
  if (commitId === null) return `${title} has ended: ${output.safe(domain)} publishes it no longer`;
  return `${title} is ${output.shortId(commitId)} of ${output.safe(domain)}`;
}

/** Prints what people should know about what was taken. */
export function noteTaken(output: Output, { counts, stubs, tombstones }: TakeResult): void {
  if (counts.bytes > 0) output.note(`${formatSize(counts.bytes)} received`);
  if (stubs > 0) output.note(`${formatCount(stubs, 'object')} withheld by its domain`);
  if (tombstones > 0) output.note(`${formatCount(tombstones, 'object')} excised there and here now`);
}
