import { describe, expect, it } from 'vitest';
import { formatColumns } from './columns.ts';

const BOLD = (text: string): string => `\u001b[1m${text}\u001b[22m`;

describe('formatColumns', () => {
  it('leaves no spaces at the end of a line, with and without colours [DML-CLI-0836]', () => {
    for (const style of [BOLD, (text: string) => text]) {
      const text = formatColumns([
        ['a', 'call', style(''), style('')],
        ['bb', 'literal', style('x'), style('name')],
        ['c', '', 'value', ''],
      ]);
      expect(text.replaceAll(/\u001b\[\d+m/g, '')).toBe(
        'a   call\nbb  literal  x      name\nc            value',
      );
    }
  });
});
