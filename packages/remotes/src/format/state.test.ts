import type { CommitId, ExecutionKey } from '@daggerml/object-model';
import { sha256Hex } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSigner } from '../../test/domain.ts';
import { refusal } from '../../test/errors.ts';
import { SEGMENT_NAME } from '../../test/objects.ts';
import { canonicalJson } from './canonical-json.ts';
import { decodeClaim, encodeClaim } from './claim.ts';
import { decodeCurrent, encodeCurrent } from './current.ts';
import { decodeExecRef, execRefPath } from './exec-ref.ts';
import { decodeState, encodeState, MAX_STATE_BYTES, type RemoteState } from './state.ts';

const COMMIT = 'c'.repeat(64) as CommitId;
const SIGNATURE = Buffer.alloc(64, 1).toString('base64');
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

describe('times', () => {
  it('that no date holds are refused wherever there are any [DML-REM-1925]', () => {
    const last = 8.64e15;
    const uuid = '11111111-2222-4333-8444-555555555555';
    const key = 'ef'.repeat(32) as ExecutionKey;
    const claim = { execution: uuid, fencing: 1, leaseMs: 60_000, outcome: null, owner: 'ada' } as const;
    const publication = {
      commit: COMMIT,
      domain: newSigner().domain,
      number: 1,
      references: {},
      sig: SIGNATURE,
    };
    const timesOf = (timeMs: number): Record<string, () => unknown> => ({
      state: () => decodeOf({ ...FIRST, timeMs }),
      publication: () => decodeOf({ ...FIRST, refs: {}, published: { model: { ...publication, timeMs } } }),
      claim: () =>
        decodeClaim(encodeClaim({ ...claim, state: 'held', claimedMs: timeMs, write: uuid }), key, 'r'),
      execRef: () =>
        decodeExecRef(
          canonicalJson({
            commit: COMMIT,
            format: 1,
            groups: [],
            key,
            needs: {},
            owner: 'ada',
            problem: null,
            signature: null,
            timeMs,
            write: uuid,
          }),
          execRefPath('exec', uuid),
          'r',
        ),
    });
    for (const [name, act] of Object.entries(timesOf(last))) expect(refusal(act), name).toBe('accepted');
    for (const timeMs of [last + 1, 2 ** 53 - 1])
      for (const [name, act] of Object.entries(timesOf(timeMs)))
        expect(refusal(act), name).toBe('remote_damaged form');
  });
});

/** Writes a state whose form nobody checks, and reads it. */
function decodeOf(state: RemoteState): RemoteState {
  const bytes = canonicalJson({ format: 1, ...state } as never);
  return decodeState(bytes, `0-0-${sha256Hex(bytes)}`, 'r');
}

describe('CURRENT', () => {
  it('has one form [DML-REM-0413]', () => {
    const current = { write: FIRST.write, state: `3-7-${'a'.repeat(64)}`, sequence: 7 };
    expect(encodeCurrent(current).toString('utf8')).toBe(
      `{"format":1,"sequence":7,"state":"${current.state}","write":"${current.write}"}\n`,
    );
    expect(decodeCurrent(encodeCurrent(current), 'r')).toEqual(current);
  });
});
