import type { CallPlan, RunPlan } from '@daggerml/bindings';
import type { NodeId } from '@daggerml/object-model';
import { shortId } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { formatColumns } from './columns.ts';
import { differenceText } from './difference-text.ts';
import { formatInteger } from './quantities.ts';

/** Calls that get a line of their own before the others are counted. */
const MAX_LINES = 20;
/** Differences of a call that are named. */
const MAX_DIFFERENCES = 2;

/** Prints how the calls of a pipeline would come to their outcomes. */
export function reportPlan({ output, options }: CommandContext, plan: RunPlan, pipeline: string): void {
  const { calls, counts, isComplete, stoppedAt, dag } = plan;
  const textOf = (nodeId: NodeId): string => dag.describeCall(nodeId).text;
  const reasonTexts = (call: CallPlan): string[] => reasonsOf(plan, call);
  // @spec DML-CLI-1712
  const document = {
    pipeline,
    complete: isComplete,
    stoppedAt: stoppedAt === undefined ? null : { nodeId: stoppedAt, call: textOf(stoppedAt) },
    counts,
    calls: output.isJson
      ? calls.map(({ nodeId, name, functionName, state, isCutOff, cacheName, reason, dependsOn }) => ({
          nodeId,
          call: textOf(nodeId),
          name,
          functionName,
          state,
          sameValues: isCutOff,
          remote: cacheName ?? null,
          reason: reason?.kind ?? null,
          earlierNodeId: reason?.earlierNodeId ?? null,
          differences: (reason?.differences ?? []).map((difference) => ({
            ...difference,
            text: differenceText(plan.comparison, difference),
          })),
          dependsOn,
        }))
      : [],
  };
  output.runResult(document, () => {
    const open = calls.filter(({ state, isCutOff }) => state !== 'cached' || isCutOff);
    const shown = options.verbose === true ? open : open.slice(0, MAX_LINES);
    // @spec DML-CLI-1711
    const rows = shown.map((call) => [
      `  ${output.style(STYLES[call.state], TITLES[call.state])}`,
      output.safe(callText(call)),
      output.safe(reasonTexts(call).join('; ')),
      output.style('dim', shortId(call.nodeId)),
    ]);
    return [
      ...(rows.length > 0 ? [formatColumns(rows)] : []),
      ...moreLines(open.slice(shown.length)),
      // @spec DML-CLI-1714
      ...(stoppedAt === undefined
        ? []
        : [
            `The pipeline asks for the value of ${output.safe(textOf(stoppedAt))}, which is not known: what it does with it, and further calls, cannot be said before that has run.`,
          ]),
      `${output.safe(summaryOf(plan))}; nothing was run or written`,
    ].join('\n');
  });

  function callText({ nodeId, name, functionName }: CallPlan): string {
    const text = textOf(nodeId);
    return name === functionName ? text : `${name}: ${text}`;
  }

  function moreLines(left: readonly CallPlan[]): string[] {
    const more = new Map<string, number>();
    for (const { state, functionName } of left) {
      const key = `${TITLES[state]} ${functionName}`;
      more.set(key, (more.get(key) ?? 0) + 1);
    }
    return [...more].map(([key, count]) => `  ${output.safe(key)} × ${formatInteger(count)} more`);
  }
}

const TITLES: Readonly<Record<CallPlan['state'], string>> = {
  cached: 'cached',
  failed: 'fails',
  blocked: 'blocked',
  run: 'would run',
  shared: 'shared',
  unknown: 'unknown',
};

const STYLES = {
  cached: 'cyan',
  failed: 'red',
  blocked: 'dim',
  run: 'green',
  shared: 'cyan',
  unknown: 'yellow',
} as const;

/** Returns why a call comes to its outcome so, as clauses. */
function reasonsOf(plan: RunPlan, call: CallPlan): string[] {
  const { comparison } = plan;
  const on = dependenciesText(plan, call);
  switch (call.state) {
    case 'cached':
      return ['an input is another call with the same value'];
    case 'failed':
      return ['its failure is recorded; --retry-failed runs it again'];
    case 'blocked':
      return ['an input fails'];
    case 'shared':
      return [`answered by the run of ${on}`];
    case 'unknown':
      return [
        `depends on ${on}; cached if ${call.dependsOn.length === 1 ? 'its value stays' : 'their values stay'} equal`,
      ];
    case 'run': {
      const { reason } = call;
      const differences = (reason?.differences ?? []).slice(0, MAX_DIFFERENCES);
      return [
        ...differences.map((difference) => differenceText(comparison, difference)),
        ...(reason === undefined || differences.length > 0 || (reason.kind === 'changed' && on !== '')
          ? []
          : [REASONS[reason.kind]]),
        ...(on === '' || reason?.kind === 'new' ? [] : [`depends on ${on}`]),
      ];
    }
  }
}

/** Characters of a call that is named in full as what another one depends on. */
const MAX_CALL_LENGTH = 40;

/** Returns the calls that a call depends on, by their functions where they are long or several. */
function dependenciesText({ dag }: RunPlan, { dependsOn }: CallPlan): string {
  const [only, ...others] = dependsOn;
  if (only === undefined) return '';
  const { text } = dag.describeCall(only);
  if (others.length === 0 && text.length <= MAX_CALL_LENGTH) return text;
  const counts = new Map<string, number>();
  for (const nodeId of dependsOn) {
    const [name = ''] = dag.describeCall(nodeId).text.split('(', 1);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} × ${count}`)).join(', ');
}

const REASONS = {
  new: 'new',
  changed: 'its inputs changed',
  forced: 'known, and run again as asked for',
  retried: 'its recorded failure is tried again',
  lost: 'known, but the recorded outcome is not readable',
} as const;

function summaryOf({ calls, counts, isComplete }: RunPlan): string {
  const { cached, failed, blocked, run, shared, unknown } = counts;
  const parts = [
    `${formatInteger(run)} would run`,
    ...(unknown > 0 ? [`${formatInteger(unknown)} unknown until then`] : []),
    ...(shared > 0 ? [`${formatInteger(shared)} shared`] : []),
    `${formatInteger(cached)} cached${cachesText(calls)}`,
    ...(failed > 0 ? [`${formatInteger(failed)} would fail`] : []),
    ...(blocked > 0 ? [`${formatInteger(blocked)} blocked`] : []),
  ];
  return `${parts.join(', ')}${isComplete ? '' : ', as far as is known'}`;
}

/** Returns how many calls shared caches answer, as an addition; empty for none. */
function cachesText(calls: readonly CallPlan[]): string {
  const counts = new Map<string, number>();
  for (const { cacheName } of calls)
    if (cacheName !== undefined) counts.set(cacheName, (counts.get(cacheName) ?? 0) + 1);
  // @spec DML-CLI-1715
  const texts = [...counts].map(([name, count]) => `${formatInteger(count)} of them on ${name}`);
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}
