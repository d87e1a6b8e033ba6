import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ERROR_DETAILS, type ErrorDetail } from './error-table.ts';
import { DmlError, isDmlError, objectModelError } from './errors.ts';
import { decodeRecord } from './records/decode-record.ts';
import { encodeRecord } from './records/encode-record.ts';

const details = Object.keys(ERROR_DETAILS) as ErrorDetail[];

function errorOf(run: () => unknown): DmlError {
  try {
    run();
  } catch (error) {
    if (isDmlError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('errors', () => {
  it('take their code from their detail', () => {
    for (const detail of details) expect(objectModelError(detail).code).toBe(ERROR_DETAILS[detail]);
    expect(details.length).toBeGreaterThan(60);
  });

  it('are the rows of the specification [DML-OBJ-0801] [DML-OBJ-0802]', () => {
    const text = readFileSync(join(import.meta.dirname, '../../../specs/10-object-model.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` \| `(invalid_\w+)` \| DML-OBJ-\d+ \|$/gm)].map((row) =>
      row.slice(1, 3),
    );
    expect(rows).toEqual(Object.entries(ERROR_DETAILS));
  });

  it('carry code, detail, type and facts as data [DML-OBJ-0803]', () => {
    const cause = new Error('below');
    const error = new DmlError({
      code: 'invalid_kind',
      recordType: 'node',
      detail: 'node_kind',
      fields: { count: 3 },
      cause,
    });
    expect(error).toMatchObject({
      name: 'DmlError',
      code: 'invalid_kind',
      recordType: 'node',
      detail: 'node_kind',
      fields: { count: 3 },
    });
    expect(error.cause).toBe(cause);
    expect(new DmlError({ code: 'other' })).toMatchObject({
      fields: {},
      recordType: undefined,
      detail: undefined,
    });
  });

  it('derive their reason [DML-OBJ-0804]', () => {
    expect(objectModelError('excised', { recordType: 'tombstone' }).reason).toBe(
      'record_type=tombstone;detail=excised',
    );
    expect(new DmlError({ code: 'x' }).reason).toBe('record_type=unknown;detail=none');
    expect(new DmlError({ code: 'x', detail: 'y' }).message).toBe('x: record_type=unknown;detail=y');
  });

  it('know the record once its header is read [DML-OBJ-0805]', () => {
    expect(errorOf(() => decodeRecord(Uint8Array.of(0x83, 1, 3, 9))).recordType).toBe('node');
    expect(
      errorOf(() => encodeRecord({ type: 'node', kind: 'literal', datumId: 'x' as never })).recordType,
    ).toBe('node');
    expect(errorOf(() => decodeRecord(Uint8Array.of(1, 2, 3))).recordType).toBeUndefined();
  });

  it('keep the payload to themselves [DML-OBJ-0806]', () => {
    const secret = 'hunter2';
    const inputs = [
      () => encodeRecord({ type: 'datum', kind: 'string', value: `${secret}\ud800` }),
      () => encodeRecord({ type: 'datum', kind: 'uri', value: `${secret} ${secret}` }),
      () => encodeRecord({ type: 'meta', key: `${secret}\n`, value: 1 }),
      () => encodeRecord({ type: 'meta', key: `${secret}e\u0301`, value: 1 }),
      () =>
        encodeRecord({ type: 'ref', name: `${secret}//`, commitId: 'a'.repeat(64) as never, sequence: 1 }),
      () =>
        encodeRecord({
          type: 'datum',
          kind: 'map',
          root: [
            [`${secret}2`, { type: 'datum', kind: 'null' }],
            [secret, { type: 'datum', kind: 'null' }],
          ],
        }),
      () => decodeRecord(Uint8Array.from([0x84, 1, 2, 6, 0x68, ...Buffer.from(secret), 0xff])),
    ];
    for (const input of inputs) {
      const error = errorOf(input);
      expect(JSON.stringify([error.message, error.fields, error.reason])).not.toContain(secret);
    }
  });

  it('are recognised from every copy of the package [DML-OBJ-2901]', async () => {
    vi.resetModules();
    const copy = await import('./errors.ts');
    expect(copy.DmlError).not.toBe(DmlError);
    const foreign: unknown = copy.objectModelError('utf8');
    expect(foreign).not.toBeInstanceOf(DmlError);
    expect(isDmlError(foreign)).toBe(true);
    expect(isDmlError(foreign, 'invalid_utf8', 'utf8')).toBe(true);
    expect(isDmlError(foreign, 'invalid_kind')).toBe(false);
    expect(isDmlError(foreign, 'invalid_utf8', 'lone_surrogate')).toBe(false);
    expect(copy.isDmlError(objectModelError('utf8'))).toBe(true);
    const lookalike = Object.assign(new Error('x'), {
      name: 'DmlError',
      code: 'invalid_utf8',
      detail: 'utf8',
    });
    for (const other of [lookalike, { ...lookalike }, undefined, null, 'x', 1, () => 1])
      expect(isDmlError(other)).toBe(false);
  });

  it('differ by code and detail', () => {
    const error: unknown = objectModelError('utf8');
    expect(isDmlError(error)).toBe(true);
    expect(isDmlError(error, 'invalid_utf8')).toBe(true);
    expect(isDmlError(error, 'invalid_utf8', 'lone_surrogate')).toBe(false);
    expect(isDmlError(error, 'invalid_kind')).toBe(false);
    expect(isDmlError(new Error('x'))).toBe(false);
  });
});
