import { isDmlError } from '@daggerml/object-model';
import { type Finding, isLeftOut, type Store, type VerifySummary, verifyStore } from '@daggerml/store';
import type { CommandContext } from '../invocation/command.ts';
import { EXIT, type ExitCode } from '../invocation/exit-code.ts';
import { withStore } from '../invocation/repository-access.ts';
import { formatCount } from '../render/quantities.ts';
import { UPDATE } from '../wording/hints.ts';

/** Findings of one kind that are listed for people, unless they ask for all. */
const MAX_LISTED = 3;

const NEWER: readonly string[] = ['object_newer', 'row_newer'];

/** A finding of the store, or the damage that keeps it from being opened or read to its end. */
type ListedFinding = Finding | { readonly code: 'store_damaged'; readonly [fact: string]: unknown };

const NOTHING_CHECKED: VerifySummary = {
  objects: 0,
  bytes: 0,
  refs: 0,
  journalRows: 0,
  findings: 0,
  leftovers: 0,
};

/** Runs `dml verify`. */
export async function run(context: CommandContext): Promise<ExitCode> {
  const { output, io, options } = context;
  const groups = new Map<ListedFinding['code'], FindingGroup>();
  // @spec DML-CLI-1017
  const limit = output.isJson || options.all === true ? Infinity : MAX_LISTED;
  const list = (finding: ListedFinding): void => {
    const group = groups.get(finding.code) ?? { count: 0, listed: [] };
    groups.set(finding.code, group);
    group.count += 1;
    if (group.listed.length < limit) group.listed.push(finding);
  };
  const withheld = new Map<string, number>();
  let summary = NOTHING_CHECKED;
  let absent: Absent = { leftOut: 0, withheld: 0 };
  try {
    summary = await withStore(context, 'read', async ({ store }) => {
      const verified = await verifyStore(store, {
        signal: io.signal,
        // @spec DML-CLI-1004
        onFinding: list,
        onProgress: (progress) => output.live([`  ${progress.phase}: ${progress.done}`]),
      });
      absent = absentOf(store);
      if (verified.findings === 0) countWithheld(store, withheld);
      return verified;
    });
  } catch (error) {
    // @spec DML-CLI-1014
    if (!isDmlError(error) || error.code !== 'store_damaged') throw error;
    list({ code: 'store_damaged', detail: error.detail, ...error.fields });
    summary = {
      ...NOTHING_CHECKED,
      findings: [...groups.values()].reduce((sum, { count }) => sum + count, 0),
    };
  }
  output.live();
  const { findings: count, leftovers: leftoverCount, ...checked } = summary;
  const byCode = Object.fromEntries([...groups].map(([code, group]) => [code, group.count]));
  const findings = [...groups.values()].flatMap(({ listed }) => listed);
  const withheldBy = [...withheld].map(([domain, objects]) => ({ domain, objects }));
  const value = { ...checked, ...absent, withheldBy, findingCount: count, leftoverCount, byCode, findings };
  output.result(value, () => {
    const notHere = [
      ...absentText(absent),
      ...withheldBy.map(
        ({ domain, objects }) => `${formatCount(objects, 'object')} withheld by ${output.safe(domain)}`,
      ),
    ];
    const sums = `${formatCount(checked.objects, 'object')} and ${formatCount(checked.refs, 'ref')} checked`;
    const leftovers =
      leftoverCount === 0
        ? []
        : [
            `${formatCount(leftoverCount, 'leftover')} of refused imports, which nothing uses; "dml gc" removes them`,
          ];
    if (count === 0) return [...leftovers, ...notHere, `${sums}, nothing is damaged`].join('\n');
    return [
      // @spec DML-CLI-1016
      ...[...groups].flatMap(([code, group]) => describeGroup(code, group)).map(output.safe),
      ...(NEWER.some((code) => groups.has(code as ListedFinding['code']))
        ? [`a newer version of dml wrote what is newer; ${UPDATE}`]
        : []),
      ...leftovers,
      ...notHere,
      `${sums}, ${formatCount(count, 'finding')}`,
    ].join('\n');
  });
  if (count === 0) return EXIT.done;
  return isDamaged(groups.keys()) ? EXIT.damage : EXIT.newer;
}

/** Counts the objects that each domain withholds. @spec DML-CLI-1295 */
function countWithheld(store: Store, withheld: Map<string, number>): void {
  for (const { domain } of store.iterateStubs())
    if (!isLeftOut(domain)) withheld.set(domain, (withheld.get(domain) ?? 0) + 1);
}

/** Objects that are not here on purpose, and no damage. */
interface Absent {
  readonly leftOut: number;
  readonly withheld: number;
}

/** @spec DML-CLI-1270 */
function absentOf(store: Store): Absent {
  const absent = { leftOut: 0, withheld: 0 };
  for (const { domain } of store.iterateStubs()) absent[isLeftOut(domain) ? 'leftOut' : 'withheld'] += 1;
  return absent;
}

function absentText({ leftOut }: Absent): string[] {
  return leftOut === 0
    ? []
    : [`${formatCount(leftOut, 'object')} left out, which a remote has; "dml fetch --missing" brings them`];
}

/** Checks whether anything else was found than records of a newer version. */
function isDamaged(codes: Iterable<string>): boolean {
  return [...codes].some((code) => !NEWER.includes(code));
}

/** Findings of one kind: how many there are, and those that are listed. */
interface FindingGroup {
  count: number;
  readonly listed: ListedFinding[];
}

function describeGroup(code: string, { count, listed }: FindingGroup): string[] {
  const more = count - listed.length;
  return [
    `${code.replaceAll('_', ' ')}: ${count}`,
    ...listed.map((finding) => `  ${factsOf(finding)}`),
    ...(more > 0 ? [`  and ${more} more, which "dml verify --all" lists`] : []),
  ];
}

function factsOf({ code: _, ...facts }: ListedFinding): string {
  return Object.entries(facts)
    .map(([name, value]) => `${name} ${factText(value)}`)
    .join('  ');
}

function factText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.values(value).map(factText).join(' ')
    : String(value);
}
