import { seededNumbers } from '@daggerml/testkit';
import { liftDatum, lowerValue } from '@daggerml/values';
import { expect, it } from 'vitest';
import { BatchSender } from './batch-sender.ts';
import { packObjects, unpackObjects } from './packed-objects.ts';
import { RemoteObjects } from './remote-objects.ts';

const refuse = async (): Promise<never> => {
  throw new Error('nothing is read');
};
const rows = Array.from({ length: 3000 }, (_, index) => [index, `row ${index}`, 'x'.repeat(index % 300)]);

/** A sender that is asked for what it has gathered. */
const sender = new BatchSender(() => {
  throw new Error('nothing is sent by itself');
});

it('finds what came with a call in whatever order it is asked for, and hands over what is new', () => {
  const made = new RemoteObjects(packObjects([]), refuse, sender);
  const tableId = lowerValue(rows, made, '');
  const all = [...unpackObjects(sender.take() as never)];
  const received = new RemoteObjects(packObjects(all), refuse, sender);
  expect(liftDatum(received, tableId)).toEqual(rows);
  const random = seededNumbers(7);
  const asked = [...all].sort(() => random(1000) - 500);
  for (const { objectId, bytes } of asked) expect(received.getPage(objectId as never)).toEqual(bytes);
  expect(received.getPage('0'.repeat(64) as never)).toBeUndefined();

  // The rows are there already; a row, the pages that change with it and the table are new.
  const changedId = lowerValue([...rows, ['one more', 'x'.repeat(200)]], received, '');
  const handed = [...unpackObjects(sender.take() as never)];
  expect(handed.length).toBeGreaterThan(0);
  expect(handed.length).toBeLessThan(10);
  const known = new Set(all.map(({ objectId }) => objectId));
  expect(handed.filter(({ objectId }) => known.has(objectId))).toEqual([]);
  expect(liftDatum(received, changedId)).toHaveLength(3001);
  expect(sender.take()).toBeUndefined();
});
