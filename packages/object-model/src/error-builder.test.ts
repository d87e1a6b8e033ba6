import { expect, it } from 'vitest';
import { errorBuilder } from './error-builder.ts';

const shopError = errorBuilder<'sold_out' | 'closed'>({
  sold_out: '"{item}" is sold out[ until {day}][ ({detail})]',
});

it('words an error by the template of its code and its fields [DML-OBJ-0807]', () => {
  expect(shopError('sold_out', { item: 'tea' }).message).toBe('sold_out: "tea" is sold out');
  expect(shopError('sold_out', { item: 'tea', day: 'Monday' }).message).toBe(
    'sold_out: "tea" is sold out until Monday',
  );
  expect(shopError('sold_out', { item: 'tea' }, undefined, 'shelf').message).toBe(
    'sold_out: "tea" is sold out (shelf)',
  );
  expect(shopError('closed', { item: 'tea' }, undefined, 'holiday').message).toBe(
    'closed: record_type=unknown;detail=holiday',
  );
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
