import { describe, expect, it } from 'vitest';
import { untrustedResultNote } from './untrusted-result.ts';

describe('the note that a result is not used', () => {
  it('says that its call waits, and how its signer is trusted besides the others [DML-EXE-2821]', () => {
    expect(untrustedResultNote('team', { keys: ['did:key:zA'], unsigned: false }, 'did:key:zB')).toBe(
      'a result signed by did:key:zB is not used; its call waits for a worker whose key is trusted; ' +
        'if you trust that one, run "dml remote trust team did:key:zA,did:key:zB" and then this again',
    );
    expect(untrustedResultNote('team', { keys: [], unsigned: true }, 'did:key:zB')).toContain(
      '"dml remote trust team did:key:zB --unsigned"',
    );
    expect(untrustedResultNote('team', { keys: ['did:key:zA'], unsigned: false }, undefined)).toBe(
      'a result that nobody signed is not used; its call waits for a worker whose key is trusted; ' +
        'if you trust that one, run "dml remote trust team did:key:zA --unsigned" and then this again',
    );
  });
});
