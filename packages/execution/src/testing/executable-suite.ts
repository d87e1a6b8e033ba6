import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { PROTOCOL } from '../adapters/executable/protocol.ts';
import { parseExactJson } from '../json/exact-json.ts';
import { readJsonValue } from '../json/read-value.ts';
import {
  type ExampleCall,
  ExecutableProbe,
  type ExecutableUnderTest,
  type ProbedAnswer,
} from './executable-probe.ts';
import type { SuiteCase } from './suite-case.ts';

/** Asks questions of one process and of a new one for each, as the executable says that it takes them. */
class Asker {
  readonly #given: ExecutableUnderTest;

  constructor(given: ExecutableUnderTest) {
    this.#given = given;
  }

  /** Asks one question of a process that has answered nothing before, and checks that it ends well. */
  async once(ask: (probe: ExecutableProbe) => Promise<ProbedAnswer>): Promise<ProbedAnswer> {
    const probe = new ExecutableProbe(this.#given);
    try {
      return await ask(probe);
    } finally {
      await probe.finish();
      probe.assertSilent();
    }
  }

  /** Submits a call and polls it to its end, each time in another process. */
  async result(executionUuid: string, call: ExampleCall): Promise<ProbedAnswer> {
    let answer = await this.once((probe) => probe.submit(executionUuid, call));
    while (answer.status === 'pending') {
      const { executionToken, pollAfterMs } = answer;
      await pause(pollAfterMs);
      answer = await this.once((probe) =>
        probe.ask({ operation: 'poll', ...probe.execution(executionUuid), executionToken }),
      );
    }
    return answer;
  }
}

/** Creates a case that asks an executable, of which no process is left at the end. */
function asking(
  name: string,
  act: (asker: Asker, given: ExecutableUnderTest) => Promise<void>,
): SuiteCase<ExecutableUnderTest> {
  return { name, run: (given) => act(new Asker(given), given) };
}

/** The promises that can be judged without knowing a function of the adapter. */
export const protocolCases: readonly SuiteCase<ExecutableUnderTest>[] = [
  asking('describes itself by the name of its file, with a version and the protocol', async (_, given) => {
    const probe = new ExecutableProbe(given);
    try {
      const { name, version, protocol } = await probe.describe();
      assert.ok(name === given.name, `it says that its name is ${JSON.stringify(name)}`);
      assert.ok(version !== '', 'its version is empty');
      assert.ok(protocol === PROTOCOL, `it speaks the protocol ${protocol} instead of ${PROTOCOL}`);
    } finally {
      await probe.finish();
    }
  }),
  asking('ends with the exit code 0 once its input ends', async (_, given) => {
    const probe = new ExecutableProbe(given);
    await probe.describe();
    const { end, hadToBeEnded } = await probe.finish();
    probe.assertSilent();
    assert.ok(!hadToBeEnded, 'it goes on');
    assert.ok(end?.exitCode === 0, `it ends with the exit code ${end?.exitCode}`);
  }),
  asking('answers one question after the other in one process, if it is persistent', async (_, given) => {
    const probe = new ExecutableProbe(given);
    try {
      const { capabilities } = await probe.describe();
      const count = capabilities.persistent === true ? 20 : 0;
      for (let index = 0; index < count; index += 1) await probe.describe();
    } finally {
      await probe.finish();
    }
    probe.assertSilent();
  }),
  asking('answers as many questions at a time as it says that it takes', async (_, given) => {
    const probe = new ExecutableProbe(given);
    try {
      const { capabilities } = await probe.describe();
      const { persistent, maxCalls = 1 } = capabilities;
      const count = persistent === true ? Math.min(maxCalls, 100) : 0;
      await Promise.all(Array.from({ length: count }, () => probe.describe()));
    } finally {
      await probe.finish();
    }
    probe.assertSilent();
  }),
  asking('ignores members of a question that it does not know', async (_, given) => {
    const probe = new ExecutableProbe(given);
    try {
      await probe.describe({ later: { any: ['thing'] } });
    } finally {
      await probe.finish();
    }
  }),
  asking('refuses a function that it does not have', async (asker, { name }) => {
    const call = { functionUri: `dml+exec://${name}/no-such-function-${randomUUID()}`, inputs: [] };
    const answer = await asker.result(randomUUID(), call);
    const code = answer.status === 'failed' ? answer.code : answer.status;
    assert.ok(code === 'adapter_refused', `it answered ${code} instead of adapter_refused`);
  }),
  asking('says of an execution that it does not know that it is lost', async (asker) => {
    const answer = await asker.once((probe) =>
      probe.ask({ operation: 'poll', ...probe.execution(randomUUID()), executionToken: 'no such token' }),
    );
    const code = answer.status === 'failed' ? answer.code : answer.status;
    assert.ok(code === 'worker_lost', `it answered ${code} instead of worker_lost`);
  }),
  asking('acknowledges that an execution is cancelled, also one that it does not know', async (asker) => {
    const { status } = await asker.once((probe) =>
      probe.ask({ operation: 'cancel', ...probe.execution(randomUUID()) }),
    );
    assert.ok(status === 'cancelled', `it answered with the status "${status}" instead of "cancelled"`);
  }),
];

/**
 * The promises of an adapter that is an executable, of which an example is known. Run every case against every one.
 *
 * @spec DML-EXE-3222
 */
export const executableSuite: readonly SuiteCase<ExecutableUnderTest & { readonly example: ExampleCall }>[] =
  [
    ...protocolCases,
    asking('comes to the same result of an example when it is submitted again', async (asker, given) => {
      const example = given.example as ExampleCall;
      const executionUuid = randomUUID();
      const [first, second] = [
        exampleValue(await asker.result(executionUuid, example)),
        // @spec DML-EXE-1303
        exampleValue(await asker.result(executionUuid, example)),
      ];
      assert.ok(isDeepStrictEqual(second, first), 'it comes to another result');
    }),
  ];

function exampleValue(answer: ProbedAnswer): unknown {
  const problem = answer.status === 'failed' ? `${answer.code} (${answer.reason ?? ''})` : answer.status;
  assert.ok(answer.status === 'done', `it answered ${problem}`);
  assert.ok(answer.outcome === 'ok', answer.outcome === 'error' ? `it failed: ${answer.error.message}` : '');
  const { value } = parseExactJson(answer.line) as { readonly value: unknown };
  return readJsonValue(value, (file) => file);
}
