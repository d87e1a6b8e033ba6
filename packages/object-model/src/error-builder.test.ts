import { expect, it } from 'vitest';
import { errorBuilder } from './error-builder.ts';

const shopError = errorBuilder<'sold_out' | 'closed' | 'torn'>({
  sold_out: '"{item}" is sold out[ until {day}][ ({detail})]',
  'sold_out/season': '"{item}" is not sold now',
  torn: 'the list "{file}" is torn',
});

it('words an error by the template of its code and its fields [DML-OBJ-0807]', () => {
  expect(shopError('sold_out', { item: 'tea' }).message).toBe('sold_out: "tea" is sold out');
  expect(shopError('sold_out', { item: 'tea', day: 'Monday' }).message).toBe(
    'sold_out: "tea" is sold out until Monday',
  );
  expect(shopError('sold_out', { item: 'tea' }, undefined, 'shelf').message).toBe(
    'sold_out: "tea" is sold out (shelf)',
  );
  expect(shopError('sold_out', { item: 'tea' }, undefined, 'season').message).toBe(
    'sold_out: "tea" is not sold now',
  );
  expect(shopError('closed', { item: 'tea' }, undefined, 'holiday').message).toBe(
    'closed: record_type=unknown;detail=holiday',
  );
});

it('puts the place in front of the words and the next step behind them [DML-OBJ-0807]', () => {
  const placed = shopError('sold_out', {
    item: 'tea',
    file: 'a.ts',
    line: 3,
    column: 5,
    instead: 'take mint',
  });
  expect(placed.message).toBe('sold_out: a.ts:3:5: "tea" is sold out; take mint');
  expect(placed).toMatchObject({ words: '"tea" is sold out', position: 'a.ts:3:5' });
  expect(shopError('sold_out', { item: 'tea', file: 'a.ts', line: 3 }).position).toBe('a.ts:3');
  expect(shopError('sold_out', { item: 'tea', file: 'a.ts', line: 0 }).position).toBe('a.ts');
  expect(shopError('sold_out', { item: 'tea' }).position).toBeUndefined();
  expect(shopError('torn', { file: 'a.ts', line: 3 }).message).toBe('torn: the list "a.ts" is torn');
});

it('keeps code, detail, fields and cause', () => {
  const cause = new Error('rain');
  const { name, code, detail, fields } = shopError('sold_out', { item: 'tea' }, cause, 'shelf');
  expect({ name, code, detail, fields }).toEqual({
    name: 'DmlError',
    code: 'sold_out',
    detail: 'shelf',
    fields: { item: 'tea' },
  });
  expect(shopError('closed', {}, cause).cause).toBe(cause);
  expect(shopError('closed')).not.toHaveProperty('cause');
});
