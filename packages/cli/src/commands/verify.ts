import { type VerifyFinding, verifyStore } from '@daggerml/store';
import type { CommandContext } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { withStore } from '../repository-access.ts';

/** `dml verify`. @spec DML-CLI-1004 */
export async function run(context: CommandContext): Promise<number> {
  const { output, io } = context;
  return await withStore(context, 'read', async (store) => {
    const report = await verifyStore(store, {
      signal: io.signal,
      onProgress: (progress) => output.live(`\r\u001b[K  ${progress.phase}: ${progress.done}`),
    });
    output.live('\r\u001b[K');
    output.result(report, () => {
      const checked = `${report.objects} objects and ${report.refs} refs checked`;
      if (report.findings.length === 0) return `${checked}, nothing is damaged`;
      return [...report.findings.map(describeFinding), `${checked}, ${report.findings.length} findings`].join('\n');
    });
    return report.findings.length === 0 ? EXIT.done : EXIT.damage;
  });
}

function describeFinding(finding: VerifyFinding): string {
  return Object.values(finding).join('  ');
}
