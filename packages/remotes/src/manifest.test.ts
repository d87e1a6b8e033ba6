import { createHash } from 'node:crypto';
import { type CommitId, DmlError } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeManifest, encodeManifest, type Manifest, type ManifestId, manifestIdOf } from './manifest.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

const id = (digit: string): string => digit.repeat(64);

const MANIFEST: Manifest = {
  ref: 'refs/heads/main',
  commitId: id('a') as CommitId,
  baseCommitId: null,
  baseManifestId: null,
  indexId: id('c'),
  segments: [{ segmentId: id('d'), sizeBytes: 1024, objectCount: 7 }],
};

const CANONICAL = `{"baseCommitId":null,"baseManifestId":null,"commitId":"${id('a')}","indexId":"${id('c')}","ref":"refs/heads/main","schema":1,"segments":[{"objectCount":7,"segmentId":"${id('d')}","sizeBytes":1024}],"type":"manifest"}\n`;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const canonicalWith = (change: Record<string, unknown>): Uint8Array => {
  const value = { ...JSON.parse(CANONICAL), ...change };
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return bytesOf(`${JSON.stringify(Object.fromEntries(entries.sort()))}\n`);
};

function refusal(bytes: Uint8Array): string {
  try {
    decodeManifest(bytes);
  } catch (error) {
    if (error instanceof DmlError) return `${error.code} ${error.detail ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

describe('encodeManifest', () => {
  it('writes sorted keys without white space and one line feed [DML-REM-0401]', () => {
    expect(new TextDecoder().decode(encodeManifest(MANIFEST))).toBe(CANONICAL);
    expect(decodeManifest(bytesOf(CANONICAL))).toEqual(MANIFEST);
  });

  it('reads back whatever it wrote', () => {
    const objectId = fc.stringMatching(/^[0-9a-f]{64}$/);
    const base = fc.option(fc.tuple(objectId, objectId), { nil: null });
    const segments = fc.uniqueArray(
      fc.record({
        segmentId: objectId,
        sizeBytes: fc.integer({ min: 1 }),
        objectCount: fc.integer({ min: 1 }),
      }),
      { selector: (segment) => segment.segmentId, maxLength: 5 },
    );
    fc.assert(
      fc.property(objectId, base, segments, (commitId, baseIds, listed) => {
        const manifest: Manifest = {
          ref: 'refs/heads/größe/x',
          commitId: commitId as CommitId,
          baseCommitId: (baseIds?.[0] ?? null) as CommitId | null,
          baseManifestId: (baseIds?.[1] ?? null) as ManifestId | null,
          indexId: listed.length === 0 ? null : id('c'),
          segments: listed,
        };
        expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
      }),
    );
  });

  it('refuses to write more than a reader accepts [DML-REM-0410]', () => {
    const segments = Array.from({ length: 10_000 }, (_, index) => ({
      segmentId: index.toString(16).padStart(64, '0'),
      sizeBytes: 1,
      objectCount: 1,
    }));
    expect(() => encodeManifest({ ...MANIFEST, segments })).toThrow(DmlError);
  });
});

describe('decodeManifest', () => {
  it.each([
    ['white space', CANONICAL.replace(':', ': ')],
    [
      'another order of keys',
      CANONICAL.replace('{"baseCommitId":null,', '{').replace('"type"', '"baseCommitId":null,"type"'),
    ],
    ['no line feed', CANONICAL.trimEnd()],
    ['a repeated key', CANONICAL.replace('{', '{"commitId":"x",')],
    ['another spelling of a number', CANONICAL.replace('1024', '1024.0')],
    ['another spelling of text', CANONICAL.replace('main', 'm\\u0061in')],
  ])('refuses %s [DML-REM-0402]', (_case, text) => {
    expect(refusal(bytesOf(text))).toBe('remote_value_invalid not_canonical');
  });

  it('refuses bytes that are not JSON', () => {
    for (const bytes of [
      bytesOf(''),
      bytesOf('{'),
      bytesOf(`\ufeff${CANONICAL}`),
      Uint8Array.of(0xff, 0x0a),
    ]) {
      expect(refusal(bytes)).toBe('remote_value_invalid json');
    }
  });

  it('refuses fields that the format does not name [DML-REM-0403]', () => {
    expect(refusal(canonicalWith({ note: 'x' }))).toBe('remote_value_invalid field_unknown');
    const segments = [{ ...MANIFEST.segments[0], path: 'x' }];
    expect(refusal(canonicalWith({ segments }))).toBe('remote_value_invalid field_unknown');
  });

  it.each(['schema', 'type', 'ref', 'commitId', 'baseCommitId', 'baseManifestId', 'indexId', 'segments'])(
    'refuses a manifest without %s [DML-REM-0404]',
    (field) => {
      expect(refusal(canonicalWith({ [field]: undefined }))).toBe('remote_value_invalid field_missing');
    },
  );

  it.each([
    { schema: 0 },
    { schema: '1' },
    { type: 'ref-pointer' },
    { ref: 'main' },
    { ref: 'refs/heads/' },
    { ref: 'refs/heads/a//b' },
    { ref: 'refs/heads/a\u0000' },
    { ref: 'refs/remotes/o/main' },
    { ref: 'refs/heads/a\u0308' },
    { ref: `refs/heads/${'a'.repeat(300)}` },
    { commitId: id('A') },
    { commitId: null },
    { baseCommitId: 'a' },
    { indexId: 7 },
    { segments: {} },
    { segments: [null] },
    { segments: [{ segmentId: id('d'), sizeBytes: 0, objectCount: 1 }] },
    { segments: [{ segmentId: id('d'), sizeBytes: 1, objectCount: 1.5 }] },
  ])('refuses the form of %j [DML-REM-0404]', (change) => {
    expect(refusal(canonicalWith(change))).toBe('remote_value_invalid field_form');
  });

  it.each(['null', '[]', '7', '"x"'])('refuses %s in place of an object [DML-REM-0404]', (text) => {
    expect(refusal(bytesOf(`${text}\n`))).toBe('remote_value_invalid field_form');
  });

  it('distinguishes a newer format from a damaged one [DML-REM-0405]', () => {
    expect(refusal(canonicalWith({ schema: 2, extra: true }))).toBe('remote_schema_newer');
  });

  it('refuses a repeated segment [DML-REM-0406]', () => {
    const segments = [MANIFEST.segments[0], MANIFEST.segments[0]];
    expect(refusal(canonicalWith({ segments }))).toBe('remote_value_invalid segment_repeated');
  });

  it('refuses half a base [DML-REM-0407]', () => {
    expect(refusal(canonicalWith({ baseCommitId: id('b') }))).toBe('remote_value_invalid base');
    expect(refusal(canonicalWith({ baseManifestId: id('b') }))).toBe('remote_value_invalid base');
    expect(refusal(canonicalWith({ baseCommitId: id('b'), baseManifestId: id('b') }))).toBe('accepted');
  });

  it('refuses segments without an index object and the reverse [DML-REM-0408]', () => {
    expect(refusal(canonicalWith({ indexId: null }))).toBe('remote_value_invalid index');
    expect(refusal(canonicalWith({ segments: [] }))).toBe('remote_value_invalid index');
    expect(refusal(canonicalWith({ segments: [], indexId: null }))).toBe('accepted');
  });

  it('refuses more than 1 MiB before it parses [DML-REM-0410]', () => {
    expect(refusal(new Uint8Array(1_048_577).fill(0x20))).toBe('remote_value_invalid size');
    expect(refusal(new Uint8Array(1_048_576).fill(0x20))).toBe('remote_value_invalid json');
  });
});

describe('manifestIdOf', () => {
  it('is the SHA-256 of the bytes [DML-REM-0409]', () => {
    const bytes = encodeManifest(MANIFEST);
    expect(manifestIdOf(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});
