import {
  buildTree,
  type CommitId,
  type ExecRequestId,
  type ExecRequestRecord,
  type ExecutionKey,
  isNewerFormat,
  type PageId,
  type TreeRoot,
} from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { putFunction, putRequestOf } from '../../test/calls.ts';
import { excise } from '../../test/excise.ts';
import { findingsOf } from '../../test/findings.ts';
import { fakeEnvironment, openFixture, setRef } from '../../test/fixture-store.ts';
import { pagesOf, putCommit, putLiteral, putText } from '../../test/records.ts';
import { loseObject, spoilObject } from '../../test/rows.ts';
import { readRow, refreshSnapshot } from '../engine/reading.ts';
import { indexRef, type RefName } from '../refs/ref-name.ts';
import type { Store } from '../store.ts';
import type { Attempt } from './attempts.ts';
import { decodeJsonRow, encodeJsonRow } from './checksummed-row.ts';
import { uuidKey } from './keyspace.ts';
import { rebuildAttempts } from './rebuild-attempts.ts';

const KEY = 'ab'.repeat(32) as ExecutionKey;
const INDEX = indexRef('99999999-0000-4000-8000-000000000000');
const OTHER_INDEX = indexRef('88888888-0000-4000-8000-000000000000');
const FACTS = { state: 'pending', token: 'job 1', tries: 1, submittedMs: 600, nextPollMs: 900 } as const;

type Requested = Pick<Attempt, 'executionUuid' | 'requestId' | 'nodeId' | 'executionKey'>;

function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Puts the exec-request of the node `number`, under the UUID of that number unless told otherwise. */
function putRequest(store: Store, number: number, facts: Partial<ExecRequestRecord> = {}): Requested {
  return store.transact('request', (transaction) => {
    const nodeId = putLiteral(transaction, putText(transaction, `node ${number}`));
    const executionUuid = facts.executionUuid ?? uuidOf(number);
    const call = { nodeId, functionDatumId: putFunction(transaction, 'x:f'), inputs: [] };
    const record = { executionKey: KEY, createdMs: 500, ...facts, executionUuid };
    const requestId = putRequestOf(transaction, call, record);
    return { executionUuid, requestId, nodeId, executionKey: KEY };
  });
}

/** Has an IndexRef hold these requests and no others. */
function hold(store: Store, requests: readonly Requested[], ref: RefName = INDEX): CommitId {
  return store.transact('hold', (transaction) => {
    const entries = requests.map(({ nodeId, requestId }) => [nodeId, requestId] as const);
    entries.sort(([left], [right]) => (left < right ? -1 : 1));
    const root: TreeRoot<'requests'> = buildTree('requests', entries, pagesOf(transaction));
    const commitId = putCommit(transaction, {
      requests: typeof root === 'string' ? root : Object.fromEntries(root),
    });
    setRef(transaction, ref, commitId);
    return commitId;
  });
}

function putAttempt(store: Store, attempt: Omit<Attempt, 'changedMs'>): void {
  store.transact('attempt', (transaction) => transaction.putAttempt(attempt));
}

function putRow(store: Store, number: number, value: Uint8Array): void {
  const key = uuidKey(uuidOf(number));
  store.transact('row', (transaction) => transaction.putRow('attempts', key, value));
}

function rowOf(store: Store, number: number): Buffer | undefined {
  refreshSnapshot(store.engine);
  return readRow(store.engine, 'attempts', uuidKey(uuidOf(number)));
}

/** A row that a later version wrote. */
function laterRow(number: number): Buffer {
  return encodeJsonRow('attempts', uuidKey(uuidOf(number)), { schema: 2, other: 'things' });
}

function submitted(requested: Requested): Omit<Attempt, 'changedMs'> {
  return {
    ...requested,
    state: 'submitted',
    token: null,
    tries: 0,
    submittedMs: 500,
    nextPollMs: null,
  };
}

let store: Store;

beforeEach(async () => {
  store = await openFixture();
});

describe('attempts', () => {
  it('keep what they are given under the UUID, with the time of the change [DML-STO-0561]', async () => {
    const environment = fakeEnvironment();
    const store = await openFixture(environment);
    const requested = putRequest(store, 7);
    const token = `\u0000 e\u0301 \ud800 ${'x'.repeat(65_536 - 10)}`;
    expect(Buffer.byteLength(token)).toBe(65_536);
    environment.nowMsValue = 4_321;
    putAttempt(store, { ...requested, ...FACTS, token });
    const expected = { ...requested, ...FACTS, token, changedMs: 4_321 };
    expect(store.getAttempt(uuidOf(7))).toEqual(expected);
    const key = Buffer.from('00000000000040008000000000000007', 'hex');
    refreshSnapshot(store.engine);
    const row = readRow(store.engine, 'attempts', key) as Buffer;
    expect(decodeJsonRow('attempts', key, row)).toEqual({ schema: 1, ...expected });
    const later = { ...expected, state: 'retry_wait', token: null, tries: 2, nextPollMs: null } as const;
    putAttempt(store, later);
    expect(store.getAttempt(uuidOf(7))).toEqual(later);
    expect(store.getAttempt(uuidOf(8))).toBeUndefined();
    expect(store.getAttempt('no uuid')).toBeUndefined();
  });

  it('are removed by their UUID', async () => {
    putAttempt(store, { ...putRequest(store, 1), ...FACTS });
    const removed = store.transact('delete', (transaction) =>
      [uuidOf(2), 'no uuid', uuidOf(1), uuidOf(1)].map((uuid) => transaction.deleteAttempt(uuid)),
    );
    expect(removed).toEqual([false, false, true, false]);
    expect(store.readAttempts()).toEqual([]);
  });

  it('are refused without their exec-request [DML-STO-0562]', async () => {
    const requested = putRequest(store, 1);
    const requestId = '1'.repeat(64) as ExecRequestId;
    expect(() => putAttempt(store, { ...requested, ...FACTS, requestId })).toThrow(
      expect.objectContaining({
        code: 'object_missing',
        fields: { class: 'exec-request', objectId: requestId },
      }),
    );
    expect(store.readAttempts()).toEqual([]);
  });

  it('are refused where they contradict their exec-request [DML-STO-0563]', async () => {
    const requested = putRequest(store, 1);
    const other = putRequest(store, 2);
    const wrong: Partial<Attempt>[] = [
      { executionUuid: other.executionUuid },
      { nodeId: other.nodeId },
      { executionKey: 'cd'.repeat(32) as ExecutionKey },
      { requestId: other.requestId },
    ];
    for (const member of wrong)
      expect(() => putAttempt(store, { ...requested, ...FACTS, ...member })).toThrow(
        expect.objectContaining({ code: 'store_misuse', detail: 'attempt_request' }),
      );
    expect(store.readAttempts()).toEqual([]);
    putAttempt(store, { ...requested, ...FACTS });
  });

  it('are refused with another state, token, count or time than they may have [DML-STO-0564]', async () => {
    const requested = putRequest(store, 1);
    const wrong: Readonly<Record<string, unknown>>[] = [
      { state: 'done' },
      { state: undefined },
      { token: 5 },
      { token: 'x'.repeat(65_537) },
      { token: 'é'.repeat(32_769) },
      ...['tries', 'submittedMs', 'nextPollMs'].flatMap((name) =>
        [-1, 0.5, 2 ** 53, Number.NaN, '1', undefined].map((value) => ({ [name]: value })),
      ),
      { tries: null },
      { submittedMs: null },
    ];
    for (const member of wrong)
      expect(
        () => putAttempt(store, { ...requested, ...FACTS, ...(member as object) }),
        JSON.stringify(member),
      ).toThrow(expect.objectContaining({ code: 'store_misuse', detail: 'attempt_form' }));
    expect(store.readAttempts()).toEqual([]);
    putAttempt(store, { ...requested, ...FACTS, tries: 2 ** 53 - 1, submittedMs: 0 });
  });

  it('of a later schema are reported as such [DML-STO-0566]', async () => {
    putRow(store, 1, laterRow(1));
    for (const read of [() => store.getAttempt(uuidOf(1)), () => store.readAttempts()]) {
      const newer = expect.toSatisfy(isNewerFormat);
      expect(read).toThrow(newer);
      const fields = expect.objectContaining({ table: 'attempts', schema: 2, supported: 1 });
      expect(read).toThrow(expect.objectContaining({ fields }));
    }
    putRow(store, 1, Buffer.from('rotten row of more than eight bytes'));
    expect(() => store.getAttempt(uuidOf(1))).toThrow(expect.objectContaining({ code: 'store_damaged' }));
  });

  it('of a later schema are findings of their own, and no damage [DML-STO-0954]', async () => {
    const requested = putRequest(store, 1);
    putAttempt(store, { ...requested, ...FACTS });
    hold(store, [requested]);
    expect(await findingsOf(store)).toEqual([]);
    const keyHex = uuidKey(uuidOf(2)).toString('hex');
    putRow(store, 2, laterRow(2));
    expect(await findingsOf(store)).toEqual([{ code: 'row_newer', table: 'attempts', keyHex }]);
    for (const schema of [undefined, 0, '2', 1.5]) {
      putRow(store, 2, encodeJsonRow('attempts', uuidKey(uuidOf(2)), { schema }));
      expect(await findingsOf(store), `${schema}`).toEqual([
        { code: 'row_damaged', table: 'attempts', keyHex },
      ]);
      expect(() => store.getAttempt(uuidOf(2))).toThrow(expect.objectContaining({ code: 'store_damaged' }));
    }
  });

  it('are listed by UUID [DML-STO-0567]', async () => {
    const numbers = Array.from({ length: 600 }, (_, index) => (index * 7) % 600);
    const requests = numbers.map((number) => putRequest(store, number));
    store.transact('attempts', (transaction) => {
      for (const requested of requests) transaction.putAttempt({ ...requested, ...FACTS });
    });
    expect(store.readAttempts().map((attempt) => attempt.executionUuid)).toEqual(
      Array.from({ length: 600 }, (_, number) => uuidOf(number)),
    );
  });
});

describe('rebuildAttempts', () => {
  it('makes rows for requests that have none of their own to read [DML-STO-0568]', async () => {
    const environment = fakeEnvironment();
    const store = await openFixture(environment);
    const requests = Array.from({ length: 300 }, (_, number) => putRequest(store, number));
    hold(store, requests.slice(0, 200));
    hold(store, requests.slice(150), OTHER_INDEX);
    putRow(store, 3, Buffer.from('rotten row of more than eight bytes'));
    const [fifth, sixth] = requests.slice(4, 6);
    // A row that names another request of its UUID is not the request's own.
    const key = uuidKey(uuidOf(4));
    const foreign = { schema: 1, ...fifth, ...FACTS, requestId: sixth!.requestId, changedMs: 1 };
    putRow(store, 4, encodeJsonRow('attempts', key, foreign));
    environment.nowMsValue = 7_000;
    expect(rebuildAttempts(store)).toEqual({ kept: 0, added: 300, removed: 0 });
    expect(store.readAttempts()).toEqual(
      requests.map((requested) => ({ ...submitted(requested), changedMs: 7_000 })),
    );
    expect(rebuildAttempts(store)).toEqual({ kept: 300, added: 0, removed: 0 });
  });

  it('takes the request that was created later where two have one UUID [DML-STO-0568]', async () => {
    const later = putRequest(store, 1, { createdMs: 501, executionUuid: uuidOf(9) });
    const earlier = putRequest(store, 2, { executionUuid: uuidOf(9) });
    hold(store, [earlier, later]);
    rebuildAttempts(store);
    expect(store.readAttempts()).toMatchObject([{ ...later, submittedMs: 501 }]);
    hold(store, [earlier]);
    rebuildAttempts(store);
    expect(store.readAttempts()).toMatchObject([{ ...earlier, submittedMs: 500 }]);
  });

  it('removes the rows of requests that no IndexRef holds [DML-STO-0569]', async () => {
    const [held, dropped, branch] = [1, 2, 3].map((number) => putRequest(store, number)) as [
      Requested,
      Requested,
      Requested,
    ];
    for (const requested of [held, dropped, branch]) putAttempt(store, { ...requested, ...FACTS });
    putRow(store, 4, Buffer.from('rotten row of more than eight bytes'));
    hold(store, [held, dropped]);
    hold(store, [held]);
    hold(store, [branch], 'refs/heads/main' as RefName);
    expect(rebuildAttempts(store)).toEqual({ kept: 1, added: 0, removed: 3 });
    expect(store.readAttempts()).toMatchObject([{ ...held, ...FACTS }]);
    setRef(store, INDEX, null);
    expect(rebuildAttempts(store)).toEqual({ kept: 0, added: 0, removed: 1 });
    expect(store.readAttempts()).toEqual([]);
  });

  it('leaves rows of held requests and of later schemas as they are [DML-STO-0571]', async () => {
    const [held, later] = [1, 2].map((number) => putRequest(store, number)) as [Requested, Requested];
    putAttempt(store, { ...held, ...FACTS });
    putRow(store, 2, laterRow(2));
    putRow(store, 3, laterRow(3));
    hold(store, [held, later]);
    const rows = [1, 2, 3].map((number) => rowOf(store, number));
    expect(rebuildAttempts(store)).toEqual({ kept: 3, added: 0, removed: 0 });
    expect([1, 2, 3].map((number) => rowOf(store, number))).toEqual(rows);
    expect(rows).not.toContain(undefined);
  });

  it('changes nothing when it cannot read what an IndexRef holds [DML-STO-0572]', async () => {
    for (const name of ['commit', 'exec-request', 'page'] as const) {
      const store = await openFixture();
      const stray = putRequest(store, 900);
      putAttempt(store, { ...stray, ...FACTS });
      const requests = Array.from({ length: 200 }, (_, number) => putRequest(store, number));
      const commitId = hold(store, requests);
      const before = store.readAttempts();
      const pageId = store.getRecord('commit', commitId)!.requests as PageId;
      const lost = { commit: commitId, 'exec-request': requests[100]!.requestId, page: pageId };
      for (const fault of [spoilObject, loseObject]) {
        fault(store, name, lost[name]);
        expect(() => rebuildAttempts(store), name).toThrow(expect.objectContaining({ name: 'DmlError' }));
        expect(store.readAttempts(), name).toEqual(before);
      }
    }
  });

  it('does without a request that was excised', async () => {
    const [held, gone] = [1, 2].map((number) => putRequest(store, number)) as [Requested, Requested];
    hold(store, [held, gone]);
    rebuildAttempts(store);
    await excise(store, { class: 'exec-request', objectId: gone.requestId });
    expect(rebuildAttempts(store)).toEqual({ kept: 1, added: 0, removed: 1 });
    expect(store.readAttempts()).toMatchObject([held]);
  });
});
