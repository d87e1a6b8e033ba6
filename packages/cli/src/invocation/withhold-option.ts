import { type CommitId, isDmlError, isInline } from '@daggerml/object-model';
import { type PublicationPlan, remoteError } from '@daggerml/remotes';
import {
  findObject,
  namesOfValues,
  objectValue,
  type RecordReader,
  unknownName,
  valuesInHistory,
  valuesOfDags,
} from '@daggerml/repository';
import type { ObjectName, WithholdPolicy } from '@daggerml/store';
import { formatCount } from '../render/quantities.ts';
import { cliError } from '../wording/cli-error.ts';
import { shellWord } from '../wording/wording.ts';
import { bytesOfSize } from './option-value.ts';

/** A commit that is published, as it was typed. */
export interface PublishedCommit {
  readonly commitId: CommitId;
  readonly text: string;
}

/** Rules of the options `--withhold`, and the names that they met. */
export interface WithholdRules {
  readonly policy: WithholdPolicy;
  /** Throws `unknown_name` for a rule that withholds nothing of what is to be published. */
  readonly assertMet: (plan: PublicationPlan) => void;
  /** Names of the dags that are withheld, once all of them were looked at. */
  readonly dagNames: ReadonlySet<string>;
}

interface DagPattern {
  readonly text: string;
  readonly form: RegExp;
  isMet: boolean;
}

/**
 * Returns the rules of the options `--withhold blobs:<size>`, `dags:<pattern>` and `value:<name>`.
 *
 * @spec DML-CLI-1283
 */
export function withholdRules(
  reader: RecordReader,
  commit: PublishedCommit,
  texts: readonly string[],
): WithholdRules {
  const patterns: DagPattern[] = [];
  const values: (readonly [string, readonly ObjectName[]])[] = [];
  let blobsAboveBytes: number | undefined;
  for (const text of texts) {
    const [, kind, what = ''] = /^(blobs|dags|value):(.+)$/s.exec(text) ?? [];
    if (kind === 'dags') patterns.push({ text: what, form: patternOf(what), isMet: false });
    else if (kind === 'value') values.push([what, namedValues(reader, commit, what)]);
    else {
      const bytes = kind === 'blobs' ? bytesOfSize(what) : undefined;
      if (bytes === undefined) throw refusal(text);
      blobsAboveBytes = Math.min(bytes, blobsAboveBytes ?? bytes);
    }
  }
  const dagNames = new Set<string>();
  const otherNames = new Set<string>();
  const isDagWithheld = (name: string): boolean => {
    const met = patterns.filter(({ form }) => form.test(name));
    for (const pattern of met) pattern.isMet = true;
    (met.length > 0 ? dagNames : otherNames).add(name);
    return met.length > 0;
  };
  // @spec DML-CLI-3820
  const assertMet = ({ reaches }: PublicationPlan): void => {
    const pattern = patterns.find(({ isMet }) => !isMet);
    const value = values.find(([, objects]) => !objects.some(reaches))?.[0];
    if (pattern !== undefined)
      throw unknownName({
        name: `dags:${pattern.text}`,
        word: pattern.text,
        detail: 'dag',
        inside: commit.text,
        known: [...otherNames, ...dagNames],
      });
    if (value !== undefined)
      throw unusable(`"${commit.text}" does not reach the value "${value}", so there is nothing to withhold`);
  };
  const policy = {
    blobsAboveBytes,
    objects: values.flatMap(([, objects]) => objects),
    isDagWithheld: patterns.length === 0 ? undefined : isDagWithheld,
  };
  return { policy, assertMet, dagNames };
}

function refusal(text: string): Error {
  return unusable(
    `--withhold takes blobs:<size> such as blobs:10MiB, dags:<pattern> such as dags:raw-*, or value:<name>, not "${text}"`,
  );
}

function unusable(problem: string): Error {
  return cliError('invalid_argument', { problem, command: 'publish' });
}

/** Returns the pattern in which `*` stands for any characters. */
function patternOf(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su');
}

/**
 * Returns the values that a name stands for in the commit and behind it. A short one is refused: collections hold it in
 * place, where it would be shared, and who knows its hash can guess it.
 *
 * @spec DML-CLI-1284
 */
function namedValues(reader: RecordReader, { commitId }: PublishedCommit, name: string): ObjectName[] {
  const { datumId, datum, inline } = objectValue(reader, name, findInCommit(reader, commitId, name));
  if (inline !== undefined || isInline(datum))
    throw unusable(
      `the value "${name}" is too short to be withheld by itself: other values may hold it in place, and it could be guessed from its hash; withhold its dag`,
    );
  // @spec DML-CLI-3823
  const ids = new Set([datumId]);
  for (const value of valuesInHistory(reader, commitId, name))
    if (value.inline === undefined && !isInline(value.datum)) ids.add(value.datumId);
  return [...ids].map((objectId) => ({ class: 'datum', objectId }));
}

/** Finds what a name stands for in a commit, or else by itself. */
function findInCommit(reader: RecordReader, commitId: CommitId, name: string): ReturnType<typeof findObject> {
  try {
    return findObject(reader, `${commitId}:${name}`);
  } catch (error) {
    if (isDmlError(error) && error.code === 'unknown_name') return findObject(reader, name);
    throw error;
  }
}

/** Most things that a refusal names. */
const MAX_NAMED = 5;

/**
 * Throws `publication_releases` for what was withheld before and would be shared now, with the rules that withhold it.
 *
 * @spec DML-CLI-3821
 */
export function assertNotReleased(
  reader: RecordReader,
  commitId: CommitId,
  { plan, name, remote }: { readonly plan: PublicationPlan; readonly name: string; readonly remote: string },
): void {
  const { releasedDags, releasedObjects } = plan;
  // @spec DML-CLI-3834
  const firstShared = sharedValues(reader, commitId, plan.namesBefore, plan).filter(
    ({ object }) => !plan.isThere(object),
  );
  if (releasedDags.length + releasedObjects.length + firstShared.length === 0) return;
  const dagNames = [...new Set(releasedDags.map((dag) => dag.name))];
  const values = releasedObjects.filter((object) => object.class === 'datum').map(({ objectId }) => objectId);
  const names = namesOfValues(reader, commitId, new Set(values));
  const valueNames = [
    ...new Set([
      ...values.map((id) => names.get(id as never) ?? id),
      ...firstShared.map(({ dagName }) => dagName),
    ]),
  ];
  const others = releasedObjects.length - values.length;
  const what = [
    ...dagNames.slice(0, MAX_NAMED).map((dag) => `the dag "${dag}"`),
    ...valueNames.slice(0, MAX_NAMED).map((value) => `the value "${value}"`),
    ...more(dagNames.length - MAX_NAMED, 'more dag'),
    ...more(valueNames.length - MAX_NAMED, 'more value'),
    ...more(others, 'other object'),
  ];
  const rules = [...dagNames.map((dag) => `dags:${dag}`), ...valueNames.map((value) => `value:${value}`)];
  throw remoteError('publication_releases', {
    name,
    remote,
    what: what.join(', '),
    rules: rules
      .slice(0, 2 * MAX_NAMED)
      .map((rule) => `--withhold ${shellWord(rule)}`)
      .join(' '),
  });
}

/** Lists the values of dags of some names that a publication shares with calls of other dags. */
export function sharedValues(
  reader: RecordReader,
  commitId: CommitId,
  dagNames: ReadonlySet<string>,
  { isShared }: Pick<PublicationPlan, 'isShared'>,
): { readonly dagName: string; readonly object: ObjectName }[] {
  if (dagNames.size === 0) return [];
  return [...valuesOfDags(reader, commitId, dagNames)].flatMap(({ dagName, datumId, datum, inline }) => {
    const object = { class: 'datum', objectId: datumId } as const;
    return inline === undefined && !isInline(datum) && isShared(object) ? [{ dagName, object }] : [];
  });
}

function more(count: number, noun: string): string[] {
  return count > 0 ? [formatCount(count, noun)] : [];
}
