import { describe, expect, it } from 'vitest';
import { flowParts, formatColumns, visibleWidth } from './columns.ts';

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

describe('flowParts', () => {
  it('breaks between parts where a line would pass the width', () => {
    expect(flowParts(['  1234', BOLD('abcd'), '', 'rest'], 13)).toBe(`  1234  ${BOLD('abcd')}\n    rest`);
    expect(flowParts(['1234', 'abcd'])).toBe('1234  abcd');
    for (const line of flowParts(Array(9).fill('word'), 14).split('\n'))
      expect(visibleWidth(line)).toBeLessThanOrEqual(14);
  });
});
