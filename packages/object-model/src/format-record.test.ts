import { describe, expect, it } from 'vitest';
import { ids, plainBuiltinExec, plainCommit, sampleRecords, scalar } from '../test/support/samples.ts';
import { formatRecord } from './format-record.ts';

describe('printing a record', () => {
  it('begins with type and kind [DML-OBJ-2301]', () => {
    const titles = new Set<unknown>();
    for (const record of sampleRecords()) {
      const [title] = formatRecord(record).split('\n');
      const { type, kind, nodeKind, status, role, level } = record as unknown as Record<string, unknown>;
      const words = [type, kind, nodeKind, status, role, level === undefined ? undefined : `level ${level}`];
      expect(title).toBe(words.filter((word) => word !== undefined).join(' '));
      titles.add(title);
    }
    for (const title of ['datum null', 'node call', 'dag', 'exec builtin error', 'page names level 1'])
      expect(titles).toContain(title);
  });

  it('shows its fields', () => {
    const printed = formatRecord({
      ...plainCommit,
      pins: [[ids.node(), ids.exec()]],
      message: 'two\nlines',
    });
    expect(printed.split('\n')).toEqual([
      'commit',
      `  treeId: ${ids.tree().slice(0, 12)}`,
      '  parentCommitIds: 0 entries',
      '  pins: 1 entry',
      `    ${ids.node().slice(0, 12)}  ${ids.exec().slice(0, 12)}`,
      '  requests: 0 entries',
      '  author: "Ada"',
      '  authoredMs: 2023-11-14T22:13:20.000Z',
      '  committer: "Charles"',
      '  committedMs: 2023-11-14T22:14:20.000Z',
      '  message: "two\\nlines"',
      '  detailsDatumId: null',
    ]);
  });

  it('shows no more entries than asked for and counts the rest [DML-OBJ-2302] [DML-OBJ-2304]', () => {
    const record = {
      type: 'datum',
      kind: 'list',
      root: Array.from({ length: 50 }, (_, at) => scalar.i64(at)),
    } as const;
    const lines = formatRecord(record).split('\n');
    expect(lines).toHaveLength(23);
    expect(lines.slice(0, 3)).toEqual(['datum list', '  root: 50 entries', '    i64 0']);
    expect(lines.slice(-2)).toEqual(['    i64 19', '    … 30 more']);
    expect(formatRecord(record, { full: true }).split('\n')).toHaveLength(52);
  });

  it('escapes what a terminal acts upon [DML-OBJ-2303]', () => {
    expect(formatRecord(scalar.string('a\u001b[31m\u009b\u202e'))).toBe(
      'datum string\n  value: "a\\u001b[31m\\u009b\\u202e"',
    );
    const nasty =
      '\u001b[31m\u0000\u007f\u009b31m\u061c\u200b\u200e\u200f\u00ad\u2028\u202e\u2066\ufe0f\ufeff\ufffe\u{e0001}"\\';
    const printed = [
      formatRecord(scalar.string(nasty)),
      formatRecord({ type: 'datum', kind: 'map', root: [[nasty, scalar.nothing]] }),
      formatRecord({ ...plainCommit, author: nasty }),
    ];
    for (const text of printed) {
      expect(text.replaceAll('\n', '')).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u,
      );
    }
  });

  it('prints times in UTC, whatever the locale [DML-OBJ-2305]', () => {
    const zone = process.env.TZ;
    try {
      process.env.TZ = 'Asia/Kathmandu';
      expect(formatRecord(plainCommit)).toContain('authoredMs: 2023-11-14T22:13:20.000Z');
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
    expect(formatRecord({ ...plainCommit, committedMs: Number.MAX_SAFE_INTEGER })).toContain(
      'committedMs: 9007199254740991',
    );
  });

  it('cuts long texts and bytes', () => {
    expect(formatRecord(scalar.string('x'.repeat(300)))).toContain(`"${'x'.repeat(200)}…"`);
    expect(formatRecord(scalar.string(`x${'\u{1f600}'.repeat(200)}`))).toContain(
      `"x${'\u{1f600}'.repeat(99)}…"`,
    );
    expect(formatRecord(scalar.bytesOf(300))).toMatch(/0x000102[0-9a-f]{394}… \(300 bytes\)/);
    expect(formatRecord(plainBuiltinExec, { full: true })).toContain(ids.datum());
    expect(formatRecord(scalar.string('x'.repeat(300)), { full: true })).toContain('x'.repeat(300));
  });
});
