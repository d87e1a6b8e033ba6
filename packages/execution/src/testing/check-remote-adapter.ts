import { PrivateFolder } from '../process/private-folder.ts';
import type { ExecutableFinding } from './check-executable.ts';
import { remoteProtocolCases } from './remote-adapter-suite.ts';
import type { RemoteExecutable } from './remote-probe.ts';

/** Judges whether a Remote Adapter keeps to its protocol, by the first promise alone where it breaks that. */
export async function checkRemoteAdapter(
  given: Omit<RemoteExecutable, 'folder'>,
): Promise<readonly ExecutableFinding[]> {
  const own = new PrivateFolder('dml-check');
  const findings: ExecutableFinding[] = [];
  try {
    for (const [index, { name: promise, run }] of remoteProtocolCases.entries()) {
      const problem = await run({ ...given, folder: own.path }).then(
        () => undefined,
        (error: Error) => error.message,
      );
      findings.push({ promise, problem });
      // All others begin with the same question.
      if (index === 0 && problem !== undefined) break;
    }
  } finally {
    await own.close();
  }
  return findings;
}
