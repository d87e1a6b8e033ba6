import { type Finding, type VerifySummary, verifyStore } from '@daggerml/store';
import { isAnyDmlError } from '../any-dml-error.ts';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { formatCount } from '../quantities.ts';
import { withStore } from '../repository-access.ts';

/** Findings that are listed; a store that is wrong everywhere needs no longer list. */
const MAX_LISTED = 1000;

/** A finding of the store, or the damage that keeps it from being opened or read to its end. */
type ListedFinding = Finding | { readonly code: 'store_damaged'; readonly [fact: string]: unknown };

const NOTHING_CHECKED: VerifySummary = { objects: 0, bytes: 0, refs: 0, journalRows: 0, findings: 0 };

/** `dml verify`. @spec DML-CLI-1004 */
export async function run(context: CommandContext): Promise<number> {
  const { output, io } = context;
  const findings: ListedFinding[] = [];
  const list = (finding: ListedFinding): void => {
    if (findings.length < MAX_LISTED) findings.push(finding);
  };
  let summary = NOTHING_CHECKED;
  try {
    summary = await withStore(context, 'read', (store) =>
      verifyStore(store, {
        signal: io.signal,
        onFinding: list,
        onProgress: (progress) => output.live(`\r\u001b[K  ${progress.phase}: ${progress.done}`),
      }),
    );
  } catch (error) {
    // @spec DML-CLI-1014
    if (!isAnyDmlError(error) || error.code !== 'store_damaged') throw error;
    list({ code: 'store_damaged', detail: error.detail, ...error.fields });
    summary = { ...NOTHING_CHECKED, findings: findings.length };
  }
  output.live('\r\u001b[K');
  const { findings: count, ...checked } = summary;
  output.result({ ...checked, findingCount: count, findings }, () => {
    const sums = `${formatCount(checked.objects, 'object')} and ${formatCount(checked.refs, 'ref')} checked`;
    if (count === 0) return `${sums}, nothing is damaged`;
    return [
      ...findings.map((finding) => output.safe(describeFinding(finding))),
      `${sums}, ${formatCount(count, 'finding')}`,
    ].join('\n');
  });
  return count === 0 ? EXIT.done : EXIT.damage;
}

function describeFinding({ code, ...facts }: ListedFinding): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name} ${factText(value)}`);
  return [code.replaceAll('_', ' '), ...parts].join('  ');
}

function factText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.values(value).map(factText).join(' ')
    : String(value);
}
