import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../records/encode-record.ts';
import { hashBytes } from './hash-bytes.ts';
import * as node from './sha256-node.ts';
import * as portable from './sha256-portable.ts';

const samples = [0, 1, 3, 45, 55, 56, 63, 64, 65, 127, 128, 1000, 65_536].map((length) =>
  Uint8Array.from({ length }, (_, at) => (at * 31) & 255),
);

describe('SHA-256', () => {
  it('is the same on Node and elsewhere [DML-OBJ-0103]', () => {
    for (const bytes of samples) expect(portable.sha256Hex(bytes)).toBe(node.sha256Hex(bytes));
  });

  it('is the same in parts on Node and elsewhere [DML-OBJ-0103]', () => {
    for (const implementation of [node, portable]) {
      const stream = implementation.sha256Stream();
      for (const bytes of samples) stream.update(bytes);
      expect(stream.digestHex()).toBe(createHash('sha256').update(Buffer.concat(samples)).digest('hex'));
    }
  });

  it('takes bytes that are reused after an update', () => {
    for (const implementation of [node, portable]) {
      const stream = implementation.sha256Stream();
      const bytes = Uint8Array.of(1, 2, 3);
      stream.update(bytes);
      bytes.fill(0);
      expect(stream.digestHex()).toBe(implementation.sha256Hex(Uint8Array.of(1, 2, 3)));
    }
  });

  it('of exactly the bytes is the id [DML-OBJ-0405]', () => {
    const bytes = encodeRecord({ type: 'datum', kind: 'string', value: 'a' });
    expect(hashBytes(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(hashBytes(new Uint8Array())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  it('of a view is that of the bytes it shows', () => {
    const large = Uint8Array.from({ length: 100 }, (_, at) => at);
    expect(hashBytes(large.subarray(10, 20))).toBe(hashBytes(large.slice(10, 20)));
  });
});
