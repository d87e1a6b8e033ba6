import { describe, expect, it } from 'vitest';
import { sampleRecords } from '../../test/support/samples.ts';
import { isDmlError } from '../errors.ts';
import { decodeByCodec, decodeRecord } from './decode-record.ts';
import { encodeByCodec, encodeRecord } from './encode-record.ts';

describe('decodeRecord', () => {
  it('agrees with the general codec about every shape it treats apart', () => {
    for (const record of sampleRecords()) {
      const bytes = encodeRecord(record);
      expect(bytes).toEqual(encodeByCodec(record));
      expect(decodeByCodec(bytes, record.type)).toEqual(record);
    }
  });

  it('shares no memory with its input [DML-OBJ-0228]', () => {
    for (const record of sampleRecords()) {
      const bytes = encodeRecord(record);
      const decoded = decodeRecord(bytes);
      bytes.fill(0xff);
      expect(decoded).toEqual(record);
    }
  });

  it('throws its own error for what is no bytes at all [DML-OBJ-0227]', () => {
    for (const input of [undefined, null, 'x', 5, [1, 2, 3], {}]) {
      expect(() => decodeRecord(input as never)).toThrow(expect.objectContaining({ name: 'DmlError' }));
    }
  });

  it('reads Node buffers', () => {
    const bytes = Buffer.from(encodeRecord({ type: 'datum', kind: 'bytes', value: Uint8Array.of(1) }));
    expect(decodeRecord(bytes)).toEqual({ type: 'datum', kind: 'bytes', value: Uint8Array.of(1) });
  });

  it('reports the type of a record with a valid header [DML-OBJ-0805]', () => {
    let caught: unknown;
    try {
      decodeRecord(Uint8Array.of(0x83, 1, 5, 0xa0));
    } catch (error) {
      caught = error;
    }
    expect(isDmlError(caught, 'invalid_payload', 'map_not_allowed') && caught.recordType).toBe('tree');
  });
});
