import type { CommitId, NodeId } from '@daggerml/object-model';
import {
  type CallDifference,
  type CallExplanation,
  callingName,
  callText,
  type DagExplanation,
  type FunctionChanges,
  functionChanges,
  type NodePair,
  type RecordReader,
  shortId,
  usedResources,
} from '@daggerml/repository';
import { codeChangeLines } from './code-changes.ts';
import { differenceText } from './difference-text.ts';
import type { ObjectView } from './node-views.ts';
import type { Output } from './output.ts';
import { formatAge, formatCount, formatDuration, formatInteger, formatTime } from './quantities.ts';
import { resourcesJson, resourcesText } from './resources-text.ts';

/** Facts of the command that an explanation is printed by. */
interface PrintedBy {
  readonly output: Output;
  readonly nowMs: number;
}

/**
 * Returns the view of one call: the answer in one sentence, then what it rests on.
 *
 * @spec DML-CLI-0815
 */
export function callExplanationView(
  reader: RecordReader,
  explained: CallExplanation,
  { output, nowMs }: PrintedBy,
): ObjectView {
  const { nodeId, origin, madeIn, earlier, comparison, commitsSince } = explained;
  const call = textOf(reader, explained);
  const changes = changesOf(explained);
  const makers = makersOf(reader, explained);
  const differences = explained.differences.map((difference) => ({
    ...difference,
    text: differenceText(comparison, difference),
  }));
  return {
    value: {
      nodeId,
      call,
      commitId: explained.commitId,
      dag: explained.dagName ?? null,
      reason: explained.reason,
      sentence: sentenceOf(explained, call),
      madeInCommitId: madeIn ?? null,
      commitsSince,
      madeBy: makers,
      execId: origin?.execId ?? null,
      status: origin?.status ?? null,
      remote: origin?.remote ?? null,
      startedMs: origin?.startedMs ?? null,
      finishedMs: origin?.finishedMs ?? null,
      ...resourcesJson(usedResources(origin?.receipt ?? {})),
      earlier: earlier === undefined ? null : { nodeId: earlier.nodeId, commitId: earlier.commitId },
      differences,
      changes: changes ?? null,
    },
    lines: () => [
      output.style('bold', output.safe(sentenceOf(explained, call))),
      ...differences.slice(1).map(({ text }) => `also      ${output.safe(text)}`),
      // @spec DML-CLI-3700
      ...(makers.length === 0
        ? []
        : [`made by   ${output.safe(makers.map((maker) => maker.call).join(', made by '))}`]),
      ...originLines(explained, output),
      ...(madeIn === undefined ? [] : [`commit    ${commitText(reader, madeIn, { output, nowMs })}`]),
      ...(commitsSince === 0
        ? []
        : [
            `since     answered from the repository in ${formatCount(commitsSince, 'commit')} since then, up to ${output.shortId(explained.commitId)}`,
          ]),
      ...(earlier === undefined
        ? []
        : [
            `earlier   ${output.safe(textAt(reader, explained, earlier.nodeId))} in ${commitText(reader, earlier.commitId, { output, nowMs })}`,
          ]),
      ...(changes === undefined ? [] : codeChangeLines(changes, output)),
      ...(codeOf(explained.differences) === undefined ? [] : missingLines(changes)),
    ],
  };
}

/** Returns the view of a dag: the calls that ran with the commit that made it, and why. */
export function dagExplanationView(
  reader: RecordReader,
  { dagName, madeIn, calls, changed, kept }: DagExplanation,
  { output, nowMs }: PrintedBy,
): ObjectView {
  const sentences = calls.map((each) => sentenceOf(each, textOf(reader, each)));
  const title = `${formatCount(changed, 'call')} of ${dagName} got ${changed === 1 ? 'its outcome' : 'their outcomes'} with commit ${shortId(madeIn)}, ${formatInteger(kept)} had one before`;
  return {
    value: {
      dag: dagName,
      madeInCommitId: madeIn,
      changed,
      kept,
      calls: calls.map((each, index) => ({
        nodeId: each.nodeId,
        call: textOf(reader, each),
        reason: each.reason,
        sentence: sentences[index],
      })),
    },
    // @spec DML-CLI-1720
    lines: () => [
      output.style('bold', output.safe(title)),
      `commit    ${commitText(reader, madeIn, { output, nowMs })}`,
      ...sentences.map(
        (sentence, index) => `  ${output.shortId(calls[index]?.nodeId ?? '')}  ${output.safe(sentence)}`,
      ),
      ...(changed > calls.length
        ? [`  and ${formatInteger(changed - calls.length)} more; --all explains each`]
        : []),
    ],
  };
}

/** Lists the calls whose functions made a call, from the innermost to that of a dag. */
function makersOf(
  reader: RecordReader,
  explained: CallExplanation,
): readonly { readonly nodeId: NodeId; readonly call: string }[] {
  const makers: { readonly nodeId: NodeId; readonly call: string }[] = [];
  for (let maker = explained.madeBy; maker !== undefined; maker = maker.madeBy)
    makers.push({ nodeId: maker.nodeId, call: textOf(reader, { ...explained, nodeId: maker.nodeId }) });
  return makers;
}

function textOf(reader: RecordReader, { nodeId, comparison }: CallExplanation): string {
  return callText(reader, nodeId, { nameOf: (id) => shownName(comparison.after, id) }).text;
}

function textAt(
  reader: RecordReader,
  { comparison }: CallExplanation,
  nodeId: CallExplanation['nodeId'],
): string {
  return callText(reader, nodeId, { nameOf: (id) => shownName(comparison.before, id) }).text;
}

/** Returns the answer in one sentence. */
function sentenceOf(explained: CallExplanation, call: string): string {
  const { reason, origin, differences, comparison } = explained;
  const [first] = differences;
  const why = first === undefined ? 'function or inputs changed' : differenceText(comparison, first);
  const ran = origin?.status === 'error' ? 'ran and failed' : 'ran';
  // @spec DML-EXE-3515
  const found = origin?.remote && `its outcome was found on the remote ${origin.remote}`;
  switch (reason) {
    case 'new':
      if (found) return `${call} did not run here: ${found}`;
      return `${call} ${ran} because it is new`;
    case 'changed':
      if (found) return `${call} did not run here: ${why}, and ${found}`;
      return `${call} ${ran} because ${why}`;
    case 'forced':
      return `${call} ${ran} again although its outcome was known: that was asked for`;
    case 'retried':
      return `${call} ${ran} again because its recorded outcome was a failure`;
    case 'cut-off':
      return `${call} did not run: ${why}`;
    case 'taken-over':
      return `${call} did not run: its function had run on the same values before`;
    case 'none':
      return `${call} has no outcome here`;
  }
}

function originLines({ origin, reason }: CallExplanation, output: Output): string[] {
  if (origin === undefined) return [];
  const { startedMs, finishedMs, receipt, execId, remote } = origin;
  const isTaken = reason === 'cut-off' || reason === 'taken-over' || remote !== undefined;
  const title = isTaken ? 'outcome  ' : 'executed ';
  const when =
    startedMs === null || finishedMs === null
      ? ''
      : `${formatTime(startedMs)} in ${formatDuration(finishedMs - startedMs)}, `;
  const { runtime, platform } = receipt ?? {};
  const where = runtime === undefined ? '' : `by ${output.safe(`${runtime} on ${platform}`)}, `;
  const used = resourcesText(usedResources(receipt ?? {}));
  return [
    `${title} ${when}${where}exec ${output.shortId(execId)}`,
    ...(remote === undefined ? [] : [`found     on the remote ${output.safe(remote)}`]),
    ...(used === '' ? [] : [`used      ${used}`]),
  ];
}

function commitText(reader: RecordReader, commitId: CommitId, { output, nowMs }: PrintedBy): string {
  const { message, committedMs } = reader.read('commit', commitId);
  const [title = ''] = message.split('\n', 1);
  return `${output.shortId(commitId)}  ${output.safe(title)}  (${formatAge(committedMs, nowMs)})`;
}

/** Returns the nodes whose functions differ in what differs first. */
function codeOf([first]: readonly CallDifference[]): NodePair | undefined {
  if (first?.kind === 'function') return first.nameBefore === first.nameAfter ? first : undefined;
  const origin = first?.kind === 'input' ? first.cause.origin : undefined;
  return origin?.kind === 'function' && origin.nameBefore === origin.nameAfter ? origin : undefined;
}

function changesOf({ differences, comparison }: CallExplanation): FunctionChanges | undefined {
  const nodes = codeOf(differences);
  return (
    nodes &&
    functionChanges(comparison.before.sourcesOf(nodes.before), comparison.after.sourcesOf(nodes.after))
  );
}

/** Returns lines about what cannot be shown of a change of code. */
function missingLines(changes: FunctionChanges | undefined): string[] {
  if (changes === undefined)
    return ['code      the sources of one of the two were not kept, so that they cannot be compared'];
  const { files, libraries, bundler } = changes;
  return files.length + libraries.length === 0 && bundler === undefined
    ? ['code      the sources are the same: what they are compiled by changed']
    : [];
}

/** Returns the name of an input in the text of a call; that of a parameter is none, as equal literals are one node. */
function shownName(side: { nameOf(nodeId: NodeId): string | undefined }, nodeId: NodeId): string | undefined {
  const name = side.nameOf(nodeId);
  return name === undefined ? undefined : callingName([name]);
}
