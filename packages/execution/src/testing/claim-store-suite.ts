import assert from 'node:assert/strict';
import { type ExecutionKey, hashBytes } from '@daggerml/object-model';
import type { Claim, ClaimStore } from '../cache/claim-store.ts';
import type { SuiteCase } from './suite-case.ts';

/** A claim store as the suite judges it: new and empty for every case. */
export interface ClaimStoreUnderTest {
  readonly claims: ClaimStore;
  /** Resolves when the store's clock has advanced by so much. */
  readonly advance: (ms: number) => Promise<void>;
}

const [key, otherKey] = ['one', 'two'].map(
  (text) => hashBytes(Buffer.from(text)) as string as ExecutionKey,
) as [ExecutionKey, ExecutionKey];

async function claimed(claims: ClaimStore, executionKey: ExecutionKey): Promise<Claim> {
  const answer = await claims.claim(executionKey);
  assert.ok(answer.type === 'claimed', 'the claim is held elsewhere');
  assert.equal(answer.claim.executionKey, executionKey);
  return answer.claim;
}

async function assertHeld(claims: ClaimStore, executionKey: ExecutionKey): Promise<void> {
  const answer = await claims.claim(executionKey);
  assert.ok(answer.type === 'claimed-elsewhere', 'the claim was given twice');
  assert.ok(answer.afterMs >= 0);
}

/**
 * The promises of a claim store. Run every case against every implementation.
 *
 * @spec DML-EXE-2369
 */
export const claimStoreSuite: readonly SuiteCase<ClaimStoreUnderTest>[] = [
  {
    name: 'gives a key to one of many who ask at the same time',
    run: async ({ claims }) => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => claims.claim(key)));
      assert.equal(answers.filter(({ type }) => type === 'claimed').length, 1);
      await claimed(claims, otherKey);
    },
  },
  {
    name: 'gives a key again once it is released',
    run: async ({ claims }) => {
      await claims.release(await claimed(claims, key));
      await claimed(claims, key);
    },
  },
  {
    name: 'keeps a claim for as long as its lease is renewed',
    run: async ({ claims, advance }) => {
      const claim = await claimed(claims, key);
      for (let renewals = 0; renewals < 5; renewals++) {
        await advance(claim.leaseMs / 2);
        assert.equal(await claims.renew(claim), true);
        await assertHeld(claims, key);
      }
    },
  },
  {
    name: 'gives a claim whose lease has passed to the next who asks, with a greater fencing number',
    run: async ({ claims, advance }) => {
      const first = await claimed(claims, key);
      await advance(first.leaseMs + 1);
      const second = await claimed(claims, key);
      assert.ok(second.fencing > first.fencing);
      assert.equal(await claims.renew(first), false);
      await claims.release(first);
      await assertHeld(claims, key);
      assert.equal(await claims.renew(second), true);
      await advance(second.leaseMs + 1);
      assert.ok((await claimed(claims, key)).fencing > second.fencing);
    },
  },
  {
    name: 'does not renew a claim that was released',
    run: async ({ claims }) => {
      const claim = await claimed(claims, key);
      await claims.release(claim);
      assert.equal(await claims.renew(claim), false);
      await claimed(claims, key);
    },
  },
];
