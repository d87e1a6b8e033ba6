import { isInline } from '@daggerml/object-model';
import { findObject, objectValue, type RecordReader } from '@daggerml/repository';
import type { ObjectName, WithholdPolicy } from '@daggerml/store';
import { cliError } from '../wording/cli-error.ts';
import { bytesOfSize } from './option-value.ts';

/**
 * Returns the policy of the options `--withhold blobs:<size>`, `dags:<pattern>` and `value:<name>`.
 *
 * @spec DML-CLI-1283
 */
export function withholdPolicy(reader: RecordReader, texts: readonly string[]): WithholdPolicy {
  const patterns: RegExp[] = [];
  const objects: ObjectName[] = [];
  let blobsAboveBytes: number | undefined;
  for (const text of texts) {
    const [, kind, what = ''] = /^(blobs|dags|value):(.+)$/s.exec(text) ?? [];
    if (kind === 'dags') patterns.push(patternOf(what));
    else if (kind === 'value') objects.push(namedValue(reader, what));
    else {
      const bytes = kind === 'blobs' ? bytesOfSize(what) : undefined;
      if (bytes === undefined) throw refusal(text);
      blobsAboveBytes = Math.min(bytes, blobsAboveBytes ?? bytes);
    }
  }
  const isDagWithheld = (name: string): boolean => patterns.some((pattern) => pattern.test(name));
  return { blobsAboveBytes, objects, isDagWithheld: patterns.length === 0 ? undefined : isDagWithheld };
}

function refusal(text: string): Error {
  const problem = `--withhold takes blobs:<size> such as blobs:10MiB, dags:<pattern> such as dags:raw-*, or value:<name>, not "${text}"`;
  return cliError('invalid_argument', { problem, command: 'publish' });
}

/** Returns the pattern in which `*` stands for any characters. */
function patternOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su');
}

/**
 * Returns the value that a name stands for. A short one is refused: collections hold it in place, where it would be shared,
 * and who knows its hash can guess it.
 *
 * @spec DML-CLI-1284
 */
function namedValue(reader: RecordReader, name: string): ObjectName {
  const { datumId, datum, inline } = objectValue(reader, name, findObject(reader, name));
  if (inline === undefined && !isInline(datum)) return { class: 'datum', objectId: datumId };
  const problem = `the value "${name}" is too short to be withheld by itself: other values may hold it in place, and it could be guessed from its hash; withhold its dag`;
  throw cliError('invalid_argument', { problem, command: 'publish' });
}
