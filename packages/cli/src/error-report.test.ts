import { errorBuilder } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { describeError } from './error-report.ts';

describe('describeError', () => {
  it('shows the escapes of a name that is not in NFC, and of no other [DML-CLI-1209]', () => {
    const refuse = errorBuilder<'invalid_name'>();
    const decomposed = refuse('invalid_name', { name: 'cafe\u0301', reason: 'not_canonical' });
    const { message, hint } = describeError(decomposed, '/');
    expect(message).toBe(
      '"cafe\u0301" cannot be a name (not_canonical): it is "cafe\\u{301}", with an accent apart from its letter',
    );
    expect(hint).toContain('name.normalize()');
    const composed = refuse('invalid_name', { name: 'caf\u00e9/..', reason: 'name_reserved' });
    expect(describeError(composed, '/').message).toBe('"caf\u00e9/.." cannot be a name (name_reserved)');
  });
});
