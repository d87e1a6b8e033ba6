import { buildTree, type DatumId, type Element, encodeRecord, type ObjectId } from '@daggerml/object-model';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFixture } from '../../test/fixture-store.ts';
import { Draft } from '../history/draft.ts';
import type { Store } from '../store.ts';

let store: Store;
beforeEach(async () => {
  store = await openFixture();
});

/** Puts a list of datums and returns its id. */
function putList(members: readonly Element[]): DatumId {
  const draft = new Draft(store);
  const id = draft.put({ type: 'datum', kind: 'list', root: buildTree('list', members, draft) });
  store.transact('put', (transaction) => draft.writeTo(transaction));
  return id;
}

function putText(value: string): DatumId {
  const bytes = encodeRecord({ type: 'datum', kind: 'string', value });
  let id: ObjectId<'datum'> | undefined;
  store.transact('put', (transaction) => {
    id = transaction.put('datum', bytes);
  });
  return id as DatumId;
}

describe('Store.findHolders', () => {
  it('returns what holds a datum, at any depth and through pages, and nothing else', () => {
    const [wanted, other] = [putText('wanted'.repeat(100)), putText('other'.repeat(100))];
    const inner = putList([other, wanted]);
    const many = putList(
      Array.from({ length: 5000 }, (_, n) => (n === 3210 ? inner : putText(`${n} `.repeat(50)))),
    );
    const outer = putList([many]);
    putList([other]);
    const found = store.findHolders([wanted]);
    for (const id of [wanted, inner, many, outer]) expect(found.has(id)).toBe(true);
    expect(found.has(other)).toBe(false);
    const pages = [...found].filter((id) => store.has('page', id as never));
    expect(pages.length).toBeGreaterThan(0);
    expect(found.size).toBe(4 + pages.length);
    expect([...store.findHolders([outer])]).toEqual([outer]);
  });
});
