import { hashBytes } from '@daggerml/object-model';
import { SeededRandom } from '@daggerml/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejection } from '../../test/errors.ts';
import { remoteOver } from '../../test/fixtures.ts';
import { objectOf, objectsOf } from '../../test/objects.ts';
import { filePath, parseFilePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import { recordAt, type SentObject } from '../format/segment.ts';
import { GroupWriter } from '../push/put-groups.ts';
import type { Remote } from '../remote.ts';
import { MemoryRemote } from '../testing/index.ts';
import { readIndex, readSegment, rewriteGroups } from './merge-groups.ts';

interface Fixture {
  readonly memory: MemoryRemote;
  readonly remote: Remote;
  readonly put: (objects: readonly SentObject[], segmentBytes?: number) => Promise<GroupEntry>;
}

function fixture(): Fixture {
  const memory = new MemoryRemote();
  const remote = remoteOver(memory.open());
  return {
    memory,
    remote,
    put: async (objects, segmentBytes = 10_000) => {
      const writer = new GroupWriter(remote, { epoch: 0, kind: 'objects', segmentBytes });
      for (const object of objects) await writer.add(object);
      return (await writer.finish()) as GroupEntry;
    },
  };
}

const INTO = { epoch: 4, kind: 'objects', segmentBytes: 10_000 } as const;

async function merge(remote: Remote, groups: readonly GroupEntry[]): Promise<GroupEntry> {
  const merged = await rewriteGroups(remote, groups, INTO);
  if (merged === 'gone' || merged === undefined) throw new Error(`merged: ${merged}`);
  return merged;
}

/** Returns the objects of a group by the order of segment and offset, as its rows and segments say. */
async function contentOf({ files }: Remote, group: GroupEntry): Promise<string[]> {
  const index = await readIndex(files, group);
  if (index === undefined) throw new Error('no index object');
  const rows = Array.from({ length: index.count }, (_, number) => index.row(number));
  rows.sort((left, right) => left.segment - right.segment || left.offset - right.offset);
  const segments = await Promise.all(group.segments.map((entry) => readSegment(files, entry)));
  return rows.map((row) => {
    const origin = { remote: 'r', path: 'p' };
    return `${row.class} ${Buffer.from(recordAt(segments[row.segment] as Uint8Array, row, origin)).toString()}`;
  });
}

function textsOf(objects: readonly SentObject[]): string[] {
  return objects.map(({ class: objectClass, bytes }) => `${objectClass} ${Buffer.from(bytes).toString()}`);
}

describe('rewriteGroups', () => {
  it('writes each record of several groups once, in their order [DML-REM-0515]', async () => {
    const text = fc
      .integer({ min: 0, max: 60 })
      .map((number) => `text ${number} `.padEnd(10 + number * 20, '.'));
    const object = fc.tuple(text, fc.constantFrom('datum' as const, 'chunk' as const, 'page' as const));
    const groups = fc.array(fc.array(object, { minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(groups, fc.integer({ min: 300, max: 12_000 }), async (contents, segmentBytes) => {
        const { remote, put } = fixture();
        const sent = contents.map((parts) =>
          parts.map(([bytes, objectClass]) => objectOf(bytes, objectClass)),
        );
        const entries: GroupEntry[] = [];
        for (const objects of sent) entries.push(await put(unique(objects), segmentBytes));
        const merged = await merge(remote, entries);
        const expected = textsOf(unique(sent.flat()));
        expect(await contentOf(remote, merged)).toEqual(expected);
        expect(merged.entries).toBe(expected.length);
        let sections = 0;
        for (const entry of merged.segments) sections += sectionCount(await readSegment(remote.files, entry));
        expect(sections).toBe(expected.length);
      }),
      { numRuns: 60 },
    );
  });

  it('names the new files by epoch and content, and lists what is in them', async () => {
    const { memory, remote, put } = fixture();
    const before = [await put(objectsOf(12, 900, 'a')), await put(objectsOf(14, 900, 'b'))];
    const old = new Set(memory.paths);
    const merged = await merge(remote, before);
    const added = memory.paths.filter((path) => !old.has(path));
    const named = [
      filePath('indexes', merged.index),
      ...merged.segments.map(({ file }) => filePath('segments', file)),
    ];
    expect(added).toEqual([...named].sort());
    expect(merged).toMatchObject({ kind: 'objects', entries: 26 });
    expect(merged.segments.length).toBe(3);
    const bytes = await remote.files.read(filePath('indexes', merged.index));
    expect(merged.bytes).toBe(bytes?.length);
    for (const path of added) {
      const content = (await remote.files.read(path)) as Uint8Array;
      expect(parseFilePath(path)).toMatchObject({ epoch: 4, hash: hashBytes(content) });
    }
    for (const { bytes: size, file } of merged.segments)
      expect((await remote.files.read(filePath('segments', file)))?.length).toBe(size);
    expect([...old].every((path) => memory.paths.includes(path))).toBe(true);
  });

  it('leaves out what is not kept, and does not read segments of which nothing is', async () => {
    const { remote, put, memory } = fixture();
    const first = objectsOf(10, 900, 'a');
    const second = objectsOf(10, 900, 'b');
    const groups = [await put([...first, ...second]), await put(objectsOf(3, 100, 'c'))];
    expect(groups[0]?.segments.length).toBe(2);
    memory.plant(filePath('segments', groups[0]?.segments[1]?.file as string), undefined);
    const keptIds = new Set(first.slice(2, 5).map(({ id }) => id));
    const merged = await rewriteGroups(remote, groups, { ...INTO, isKept: ({ id }) => keptIds.has(id) });
    expect(await contentOf(remote, merged as GroupEntry)).toEqual(textsOf(first.slice(2, 5)));
    expect(await rewriteGroups(remote, groups, { ...INTO, isKept: () => false })).toBeUndefined();
  });

  it('says where a file is gone, whichever it is', async () => {
    const { memory, remote, put } = fixture();
    const groups = [await put(objectsOf(22, 900, 'a')), await put(objectsOf(3, 900, 'b'))];
    for (const path of memory.paths) {
      const bytes = await remote.files.read(path);
      memory.plant(path, undefined);
      expect(await rewriteGroups(remote, groups, INTO)).toBe('gone');
      memory.plant(path, bytes);
    }
    expect((await merge(remote, groups)).entries).toBe(25);
  });

  it('refuses a file that was changed, whichever it is and where [DML-REM-0511] [DML-REM-0507]', async () => {
    const { memory, remote, put } = fixture();
    const groups = [await put(objectsOf(22, 900, 'a')), await put(objectsOf(3, 900, 'b'))];
    const random = new SeededRandom(1);
    for (const path of memory.paths) {
      const good = (await remote.files.read(path)) as Uint8Array;
      for (let round = 0; round < 5; round += 1) {
        const bytes = Uint8Array.from(good);
        const at = random.below(bytes.length);
        bytes[at] = (bytes[at] as number) ^ (1 + random.below(255));
        for (const damaged of [bytes, good.subarray(0, at), Buffer.concat([good.subarray(1)])]) {
          memory.plant(path, damaged);
          expect(await rejection(() => rewriteGroups(remote, groups, INTO))).toBe('remote_damaged hash');
        }
      }
      memory.plant(path, good);
    }
    expect((await merge(remote, groups)).entries).toBe(25);
  });

  it('refuses a record that does not hash to its id in a file that hashes to its name [DML-REM-0502]', async () => {
    const { remote, put } = fixture();
    const [good, other] = [objectOf('good'), objectOf('other')];
    const lie = { ...other, bytes: Buffer.from('another') };
    const groups = [await put([good]), await put([lie])];
    expect(await rejection(() => rewriteGroups(remote, groups, INTO))).toBe('remote_damaged record');
  });

  it('refuses an index object that is not the one of its group [DML-REM-0511]', async () => {
    const { remote, put } = fixture();
    const group = await put(objectsOf(3, 100));
    const other = await put(objectsOf(2, 100, 'other'));
    for (const wrong of [
      { ...group, entries: 4 },
      { ...group, segments: other.segments },
      { ...group, segments: [...group.segments, ...other.segments] },
      { ...group, segments: [] },
    ])
      expect(await rejection(() => readIndex(remote.files, wrong))).toBe('remote_damaged group');
    expect((await readIndex(remote.files, group))?.count).toBe(3);
  });
});

function unique(objects: readonly SentObject[]): SentObject[] {
  const byKey = new Map<string, SentObject>();
  for (const object of objects) {
    const key = `${object.class} ${object.id}`;
    if (!byKey.has(key)) byKey.set(key, object);
  }
  return [...byKey.values()];
}

/** Counts the sections of a segment by their lengths alone. */
function sectionCount(segment: Uint8Array | undefined): number {
  const bytes = segment ?? new Uint8Array();
  let count = -1;
  for (let at = 0; at < bytes.length; count += 1) {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at] as number;
      at += 1;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    at += length;
  }
  return count;
}
