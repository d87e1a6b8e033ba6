import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCommit, plainTombstone } from '../../test/support/samples.ts';
import { compareBytes } from '../bytes.ts';
import { decodeRecord } from '../records/decode-record.ts';
import { encodeRecord } from '../records/encode-record.ts';
import type { AnyRecord } from '../records/record-types.ts';
import { decodeKeyName, encodeKeyName } from './key-name.ts';
import { canonicalName } from './name.ts';
import { unassignedPattern } from './nfc.ts';
import { checkText, nfcText } from './text.ts';
import { canonicalReservedUri } from './uri.ts';
import { compareUtf8, scanUtf8, utf8Bytes, utf8Length } from './utf8.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const text = fc.string({ unit: 'binary', maxLength: 40 });

describe('texts', () => {
  it('that are no names are stored as they are given [DML-OBJ-0520]', () => {
    const given = ['e\u0301', '\u0958', '\u212b', '\ufb2c', '\u2126', '\u{2f800}', 'a\u0315\u0300'];
    const stored = (any: string): unknown[] => {
      const records: AnyRecord[] = [
        { type: 'datum', kind: 'string', value: any },
        { type: 'datum', kind: 'map', root: [[any, { type: 'datum', kind: 'string', value: any }]] },
        { ...plainCommit, author: any, committer: any, message: any },
        { ...plainTombstone, message: any, actor: any },
        { type: 'meta', key: 'k', value: any },
      ];
      return records.map((record) => [record, decodeRecord(encodeRecord(record))]);
    };
    for (const any of given) {
      expect(any.normalize('NFC')).not.toBe(any);
      for (const pair of stored(any)) expect((pair as unknown[])[1]).toEqual((pair as unknown[])[0]);
      expect(() => encodeRecord({ type: 'meta', key: any, value: 1 })).toThrow(
        expect.objectContaining({ detail: 'text_not_nfc' }),
      );
    }
  });

  it('are limited in bytes, not in characters [DML-OBJ-0505]', () => {
    const commit = (author: string): Uint8Array => encodeRecord({ ...plainCommit, author });
    expect(() => commit('\u00e9'.repeat(127))).not.toThrow();
    expect(() => commit('\u00e9'.repeat(128))).toThrow(expect.objectContaining({ detail: 'text_length' }));
    expect(() => commit('\u{1f600}'.repeat(63))).not.toThrow();
    expect(() => commit('\u{1f600}'.repeat(64))).toThrow(expect.objectContaining({ detail: 'text_length' }));
    expect(() => checkText('\uffff'.repeat(3), 9)).not.toThrow();
    expect(() => checkText('\uffff'.repeat(3), 8)).toThrow(
      expect.objectContaining({ detail: 'text_length' }),
    );
  });

  it('are counted as they encode', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(utf8Length(any)).toBe(Buffer.byteLength(any));
      }),
    );
  });

  it('are ordered as their bytes are [DML-OBJ-0514]', () => {
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareUtf8(left, right))).toBe(
          Math.sign(compareBytes(utf8Bytes(left), utf8Bytes(right))),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it('become NFC and stay so [DML-OBJ-0506]', () => {
    const newer = new RegExp(unassignedPattern(), 'gu');
    fc.assert(
      fc.property(text, (any) => {
        const known = any.replaceAll(newer, '');
        expect(nfcText(known)).toBe(known.normalize('NFC'));
        expect(nfcText(nfcText(any))).toBe(nfcText(any));
      }),
      { numRuns: 1000 },
    );
  });

  it('below U+0300 are in NFC, so the short cut is sound [DML-OBJ-0503]', () => {
    for (let point = 0; point < 0x300; point++) {
      for (const before of ['', 'a', 'e', '\u00c5']) {
        const any = before + String.fromCharCode(point);
        expect(any.normalize('NFC')).toBe(any);
      }
    }
  });

  it('are well-formed exactly where a strict decoder says so [DML-OBJ-0501]', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const decodes = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const scans = (bytes: Uint8Array): boolean => {
      try {
        scanUtf8(bytes, 0, bytes.length);
        return true;
      } catch {
        return false;
      }
    };
    for (let high = 0; high < 256; high++) {
      for (const low of [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff]) {
        for (const more of [[], [0x80], [0x80, 0x80], [0xbf, 0xbf]]) {
          const bytes = Uint8Array.from([high, low, ...more]);
          if (scans(bytes) !== decodes(bytes)) expect.fail(Buffer.from(bytes).toString('hex'));
        }
      }
    }
    expect(scans(Uint8Array.of(0xf4, 0x8f, 0xbf, 0xbf))).toBe(true);
  });
});

describe('key names', () => {
  it('are read back as the name they stand for [DML-OBJ-0515]', () => {
    const name = text.filter((any) => {
      try {
        return canonicalName(any) !== '';
      } catch {
        return false;
      }
    });
    fc.assert(
      fc.property(name, (any) => {
        expect(decodeKeyName(encodeKeyName(any))).toBe(canonicalName(any));
        expect(encodeKeyName(any)).toMatch(/^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})+$/);
      }),
    );
  });
});

describe('URIs', () => {
  it('in canonical form stay as they are [DML-OBJ-0616]', () => {
    const part = fc.string({
      unit: fc.constantFrom(...'aB./:?#@%41%2f%C3..//[]!~é '.split('')),
      maxLength: 24,
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.constantFrom('http:', 'x:', 'HTTPS://', 'x://', 'x:/'), part, (start, rest) => {
        let canonical: string;
        try {
          canonical = canonicalReservedUri(start + rest);
        } catch {
          return;
        }
        accepted++;
        expect(canonicalReservedUri(canonical)).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });

  it('mean what a web URL means, where it takes them [DML-OBJ-0609]', () => {
    const segment = fc.constantFrom('a', '.', '..', '%2e', 'b%2Fc', '', '...');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const uri = `https://host/${segments.join('/')}`;
        expect(canonicalReservedUri(uri)).toBe(new URL(uri).href);
      }),
    );
  });
});
