import type { CommitId } from '@daggerml/object-model';
import { sha256Hex } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../test/errors.ts';
import { SEGMENT_NAME } from '../../test/objects.ts';
import { decodeCurrent, encodeCurrent } from './current.ts';
import { decodeState, encodeState, MAX_STATE_BYTES, type RemoteState } from './state.ts';

const COMMIT = 'c'.repeat(64) as CommitId;
const FIRST: RemoteState = {
  absences: null,
  actor: 'ada',
  caches: [],
  epoch: 0,
  groups: [],
  previous: null,
  reason: 'push heads/main',
  refs: { 'heads/main': COMMIT },
  sequence: 0,
  timeMs: 1_790_000_000_000,
  write: '00000000-0000-4000-8000-000000000001',
};

/** Reads bytes as a state of the name that they have. */
function read(bytes: Uint8Array): string {
  return refusal(() => decodeState(bytes, `0-0-${sha256Hex(bytes)}`, 'r'));
}

describe('states', () => {
  it('have one form, whatever order their members are given in [DML-REM-0413]', () => {
    const note = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((text) => text.isWellFormed());
    const refs = fc.dictionary(
      fc.constantFrom(
        'heads/a',
        'heads/A',
        'tags/a',
        'heads/\uff5e',
        'heads/\u{1f600}',
        'heads/a/b',
        'heads/__proto__',
      ),
      fc.constant(COMMIT),
    );
    fc.assert(
      fc.property(note, note, refs, (actor, reason, names) => {
        const state = { ...FIRST, actor, reason, refs: names };
        const { name, bytes } = encodeState(state);
        const text = bytes.toString('utf8');
        expect(decodeState(bytes, name, 'r')).toEqual(state);
        const turned = Object.fromEntries(Object.entries(state).reverse()) as never as RemoteState;
        const turnedRefs = Object.fromEntries(Object.entries(names).reverse()) as RemoteState['refs'];
        expect(encodeState({ ...turned, refs: turnedRefs }).bytes.equals(bytes)).toBe(true);
        expect(text.indexOf('\n')).toBe(text.length - 1);
        const keys = [...Object.keys(JSON.parse(text).refs)];
        expect(keys).toEqual(
          keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
        );
      }),
    );
  });

  it('are refused before they are parsed where they are too long, like CURRENT [DML-REM-0417]', () => {
    expect(read(Buffer.alloc(MAX_STATE_BYTES + 1, '{'))).toBe('remote_damaged length');
    expect(read(Buffer.alloc(MAX_STATE_BYTES, '{'))).toBe('remote_damaged json');
    expect(MAX_STATE_BYTES).toBe(16 * 1024 * 1024);
    expect(refusal(() => decodeCurrent(Buffer.alloc(4097, '{'), 'r'))).toBe('remote_damaged length');
    expect(refusal(() => decodeCurrent(Buffer.alloc(4096, '{'), 'r'))).toBe('remote_damaged json');
  });

  it('are not written where they are too long', () => {
    const group = { bytes: 0, entries: 0, index: SEGMENT_NAME, kind: 'objects', segments: [] } as const;
    const groups = Array.from({ length: 150_000 }, () => group);
    expect(refusal(() => encodeState({ ...FIRST, groups }))).toBe('remote_full state');
  });

  it('are not written where no reader would take them', () => {
    const wrong: readonly Partial<RemoteState>[] = [
      { actor: '' },
      { actor: 'x'.repeat(1025) },
      { reason: '\ud800' },
      { timeMs: 0.5 },
      { refs: { main: COMMIT } },
      { sequence: 1 },
      { previous: `0-0-${'a'.repeat(64)}` },
      { absences: 'absences' },
    ];
    for (const part of wrong) expect(() => encodeState({ ...FIRST, ...part })).toThrow(TypeError);
    expect(refusal(() => encodeState(FIRST))).toBe('accepted');
  });
});

describe('CURRENT', () => {
  it('has one form [DML-REM-0413]', () => {
    const current = { write: FIRST.write, state: `3-7-${'a'.repeat(64)}`, sequence: 7 };
    expect(encodeCurrent(current).toString('utf8')).toBe(
      `{"format":1,"sequence":7,"state":"${current.state}","write":"${current.write}"}\n`,
    );
    expect(decodeCurrent(encodeCurrent(current), 'r')).toEqual(current);
  });
});
