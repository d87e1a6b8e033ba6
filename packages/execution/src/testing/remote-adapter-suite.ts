import assert from 'node:assert/strict';
import { remoteFilesSuite } from '@daggerml/remotes/testing';
import { AdapterFiles } from '../remote-adapters/adapter-files.ts';
import { REMOTE_LIMITS } from '../remote-adapters/limits.ts';
import { REMOTE_PROTOCOL } from '../remote-adapters/protocol.ts';
import { type RemoteExecutable, RemoteProbe } from './remote-probe.ts';
import type { SuiteCase } from './suite-case.ts';

/** A Remote Adapter of which remotes can be made. */
export interface RemoteAdapterUnderTest extends RemoteExecutable {
  /** Returns the canonical URI of a remote that is new and empty. */
  readonly newRemote: () => string | Promise<string>;
}

/** Creates a case with one process, which has to end well and to say nothing that is no answer. */
function asking(
  name: string,
  act: (probe: RemoteProbe, given: RemoteExecutable) => Promise<void>,
): SuiteCase<RemoteExecutable> {
  const run = async (given: RemoteExecutable): Promise<void> => {
    const probe = new RemoteProbe(given);
    try {
      await act(probe, given);
    } finally {
      await probe.finish();
    }
    probe.assertSilent();
  };
  return { name, run };
}

/** The promises that can be judged without a remote. */
export const remoteProtocolCases: readonly SuiteCase<RemoteExecutable>[] = [
  asking('describes itself by its name, with a version and the protocol', async (probe, { adapterName }) => {
    const { name, version, protocol } = await probe.describe();
    assert.ok(name === `dml-remote-${adapterName}`, `it says that its name is ${JSON.stringify(name)}`);
    assert.ok(version !== '', 'its version is empty');
    assert.ok(
      protocol === REMOTE_PROTOCOL,
      `it speaks the protocol ${JSON.stringify(protocol)} instead of "${REMOTE_PROTOCOL}"`,
    );
  }),
  asking('ends with the exit code 0 once its input ends', async (probe) => {
    await probe.describe();
    const { end, hadToBeEnded } = await probe.finish();
    assert.ok(!hadToBeEnded, 'it goes on');
    assert.ok(end?.exitCode === 0, `it ends with the exit code ${end?.exitCode}`);
  }),
  asking('answers one question after the other in one process, if it is persistent', async (probe) => {
    const { capabilities } = await probe.describe();
    const count = capabilities.persistent === true ? 20 : 0;
    for (let index = 0; index < count; index += 1) await probe.describe();
  }),
  asking('answers as many questions at a time as it says that it takes', async (probe) => {
    const { persistent, maxCalls = 1 } = (await probe.describe()).capabilities;
    const count = persistent === true ? Math.min(maxCalls, 100) : 0;
    await Promise.all(Array.from({ length: count }, () => probe.describe()));
  }),
  asking('ignores members of a question that it does not know', async (probe) => {
    await probe.describe({ later: { any: ['thing'] } });
  }),
  asking('says that it does not know the remotes of another adapter', async (probe) => {
    const answer = await probe.ask({ operation: 'now', remote: 'dml+remote://no-such-adapter/somewhere' });
    const code = answer.status === 'failed' ? (answer as { readonly code?: string }).code : answer.status;
    assert.ok(code === 'uri_invalid', `it answered ${code} instead of uri_invalid`);
  }),
];

/** Opens a remote of an executable as a client does. */
function filesOf({ adapterName, program, environment, limits }: RemoteExecutable, uri: string): AdapterFiles {
  return new AdapterFiles(uri, {
    adapter: `dml-remote-${adapterName}`,
    find: () => program,
    environment,
    size: 4,
    limits: { ...REMOTE_LIMITS, ...limits },
  });
}

/**
 * The promises of a Remote Adapter that is an executable: of its protocol, and of the files behind it. Run every case
 * against every one.
 *
 * @spec DML-REM-0662
 */
export const remoteAdapterSuite: readonly SuiteCase<RemoteAdapterUnderTest>[] = [
  ...remoteProtocolCases,
  ...remoteFilesSuite.map(({ name, run }) => ({
    name,
    run: async (given: RemoteAdapterUnderTest): Promise<void> => {
      const uri = await given.newRemote();
      await run({ open: async () => filesOf(given, uri) });
    },
  })),
];
