import { expect, it } from 'vitest';
import { formatMessage } from './error-message.ts';

it('fills fields in, leaves out what is not known and shortens ids', () => {
  const template = '"{name}" is not there[ in {revision}][; there are: {names}]';
  expect(formatMessage(template, { name: 'a' })).toBe('"a" is not there');
  expect(formatMessage(template, { name: 'a', revision: 'main', names: ['b', 'c'] })).toBe(
    '"a" is not there in main; there are: b, c',
  );
  expect(formatMessage('{nodeId} of {count}', { nodeId: 'ab'.repeat(32), count: 3 })).toBe(
    'abababababab of 3',
  );
  expect(formatMessage('{text}', { text: '{name} [x]' })).toBe('{name} [x]');
  expect(formatMessage('lost[: {message}]', { message: '' })).toBe('lost');
  expect(formatMessage('{sizeBytes} of {zero}', { sizeBytes: 1536, zero: 0 })).toBe('1.5 KiB of 0');
  expect(formatMessage('{list}', { list: [...'0123456789'] })).toBe('0, 1, 2, 3, 4, 5, 6, 7, 2 more');
});
