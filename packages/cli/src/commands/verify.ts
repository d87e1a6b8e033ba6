import { type Finding, verifyStore } from '@daggerml/store';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { withStore } from '../repository-access.ts';

/** Findings that are listed; a store that is wrong everywhere needs no longer list. */
const MAX_LISTED = 1000;

/** `dml verify`. @spec DML-CLI-1004 */
export async function run(context: CommandContext): Promise<number> {
  const { output, io } = context;
  return await withStore(context, 'read', async (store) => {
    const findings: Finding[] = [];
    const { findings: count, ...checked } = await verifyStore(store, {
      signal: io.signal,
      onFinding: (finding) => {
        if (findings.length < MAX_LISTED) findings.push(finding);
      },
      onProgress: (progress) => output.live(`\r\u001b[K  ${progress.phase}: ${progress.done}`),
    });
    output.live('\r\u001b[K');
    output.result({ ...checked, findingCount: count, findings }, () => {
      const summary = `${checked.objects} objects and ${checked.refs} refs checked`;
      if (count === 0) return `${summary}, nothing is damaged`;
      return [
        ...findings.map((finding) => output.safe(describeFinding(finding))),
        `${summary}, ${count} findings`,
      ].join('\n');
    });
    return count === 0 ? EXIT.done : EXIT.damage;
  });
}

function describeFinding({ code, ...facts }: Finding): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name} ${factText(value)}`);
  return [code.replaceAll('_', ' '), ...parts].join('  ');
}

function factText(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.values(value).map(factText).join(' ')
    : String(value);
}
