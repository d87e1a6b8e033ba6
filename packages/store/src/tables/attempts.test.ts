import { type ExecRequestId, type ExecutionKey, isNewerFormat } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { putFunction, putRequestOf } from '../../test/calls.ts';
import { findingsOf } from '../../test/findings.ts';
import { fakeEnvironment, openFixture } from '../../test/fixture-store.ts';
import { putLiteral, putText } from '../../test/records.ts';
import { readRow, refreshSnapshot } from '../engine/reading.ts';
import type { Store } from '../store.ts';
import type { Attempt } from './attempts.ts';
import { decodeJsonRow, encodeJsonRow } from './checksummed-row.ts';
import { uuidKey } from './keyspace.ts';

const KEY = 'ab'.repeat(32) as ExecutionKey;
const FACTS = { state: 'pending', token: 'job 1', tries: 1, submittedMs: 600, nextPollMs: 900 } as const;

type Requested = Pick<Attempt, 'executionUuid' | 'requestId' | 'nodeId' | 'executionKey'>;

function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Puts the exec-request of the node `number`, under the UUID of that number. */
function putRequest(store: Store, number: number): Requested {
  return store.transact('request', (transaction) => {
    const nodeId = putLiteral(transaction, putText(transaction, `node ${number}`));
    const executionUuid = uuidOf(number);
    const call = { nodeId, functionDatumId: putFunction(transaction, 'x:f'), inputs: [] };
    const requestId = putRequestOf(transaction, call, { executionKey: KEY, executionUuid });
    return { executionUuid, requestId, nodeId, executionKey: KEY };
  });
}

function putAttempt(store: Store, attempt: Omit<Attempt, 'changedMs'>): void {
  store.transact('attempt', (transaction) => transaction.putAttempt(attempt));
}

function putRow(store: Store, number: number, value: Uint8Array): void {
  const key = uuidKey(uuidOf(number));
  store.transact('row', (transaction) => transaction.putRow('attempts', key, value));
}

/** A row that a later version wrote. */
function laterRow(number: number): Buffer {
  return encodeJsonRow('attempts', uuidKey(uuidOf(number)), { schema: 2, other: 'things' });
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
