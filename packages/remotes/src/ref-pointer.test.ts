import { type CommitId, DmlError } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import type { ManifestId } from './manifest.ts';
import { decodeRefPointer, encodeRefPointer, type RefPointer } from './ref-pointer.ts';

const POINTER: RefPointer = {
  ref: 'refs/exec/6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  commitId: 'a'.repeat(64) as CommitId,
  manifestId: 'b'.repeat(64) as ManifestId,
  sequence: 3,
  writerNonce: '0123456789abcdef'.repeat(2),
};

const textOf = (pointer: RefPointer): string => new TextDecoder().decode(encodeRefPointer(pointer));

function refusal(text: string): string {
  try {
    decodeRefPointer(new TextEncoder().encode(text));
  } catch (error) {
    if (error instanceof DmlError) return `${error.code} ${error.detail ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

describe('ref pointer', () => {
  it('is written in canonical form [DML-REM-0401]', () => {
    expect(textOf(POINTER)).toBe(
      `{"commitId":"${POINTER.commitId}","manifestId":"${POINTER.manifestId}","ref":"${POINTER.ref}","schema":1,"sequence":3,"type":"ref-pointer","writerNonce":"${POINTER.writerNonce}"}\n`,
    );
    expect(decodeRefPointer(encodeRefPointer(POINTER))).toEqual(POINTER);
  });

  it('is refused in any other form [DML-REM-0402]', () => {
    expect(refusal(textOf(POINTER).replace(',', ', '))).toBe('remote_value_invalid not_canonical');
  });

  it.each([
    { sequence: 0 },
    { sequence: -1 },
    { sequence: 2 ** 53 },
    { writerNonce: 'ABCDEF0123456789ABCDEF0123456789' },
    { writerNonce: '00' },
    { manifestId: null },
    { ref: 'refs/index/x' },
  ])('is refused with %j [DML-REM-0404]', (change) => {
    const text = `${JSON.stringify({ ...JSON.parse(textOf(POINTER)), ...change })}\n`;
    expect(refusal(text)).toBe('remote_value_invalid field_form');
    expect(() => encodeRefPointer({ ...POINTER, ...(change as Partial<RefPointer>) })).toThrow(DmlError);
  });

  it('is refused with an unknown or missing field [DML-REM-0403] [DML-REM-0404]', () => {
    expect(refusal(textOf(POINTER).replace('{', '{"actor":"x",'))).toBe('remote_value_invalid field_unknown');
    expect(refusal(textOf(POINTER).replace('"sequence":3,', ''))).toBe('remote_value_invalid field_missing');
  });

  it('of a newer format is told apart [DML-REM-0405]', () => {
    expect(refusal(textOf(POINTER).replace('"schema":1', '"schema":2'))).toBe('remote_schema_newer');
  });
});
