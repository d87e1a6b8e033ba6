import { hashBytes, type ObjectId } from '@daggerml/object-model';
import { readCar } from '@daggerml/store';
import { CarReader, CarWriter } from '@ipld/car';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal, rejection } from '../../test/errors.ts';
import { objectOf, objectsOf } from '../../test/objects.ts';
import { readSegment } from '../levels/merge-groups.ts';
import { MemoryRemote } from '../testing/index.ts';
import { filePath, newFileName } from './file-path.ts';
import { IndexObject, IndexRows, type RecordPosition } from './index-object.ts';
import { recordAt, SEGMENT_BYTES, SegmentWriter, type SentObject } from './segment.ts';

const ORIGIN = { remote: 'r', path: 'segments/x.car' };

interface Written {
  readonly segments: readonly Buffer[];
  readonly names: readonly string[];
  readonly index: IndexObject;
}

function write(objects: readonly SentObject[], maxBytes?: number): Written {
  const rows = new IndexRows();
  const writer = new SegmentWriter(rows, maxBytes);
  const segments = objects.map((object) => writer.add(object));
  segments.push(writer.finish());
  const written = segments.filter((segment) => segment !== undefined);
  const names = written.map((bytes, number) => newFileName(0, bytes, Buffer.alloc(16, number)));
  return { segments: written, names, index: IndexObject.parse(rows.encode(names).bytes, ORIGIN) };
}

const objects = fc
  .array(
    fc.record({
      bytes: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 20_000 }).map((length) => new Uint8Array(length).fill(length % 251)),
      ),
      class: fc.constantFrom('chunk' as const, 'datum' as const, 'page' as const),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((parts) => parts.map((part): SentObject => ({ ...part, id: hashBytes(part.bytes) })));

describe('SegmentWriter', () => {
  it('writes CARv1 files without roots that other tools read, in the order given [DML-REM-0501]', async () => {
    const sent = [objectOf('one'), objectOf('two', 'datum'), ...objectsOf(40, 300)];
    const { segments } = write(sent, 4_000);
    expect(segments.length).toBeGreaterThan(2);
    const read: { readonly codec: number; readonly id: string; readonly text: string }[] = [];
    for (const segment of segments) {
      const reader = await CarReader.fromBytes(segment);
      expect([reader.version, await reader.getRoots()]).toEqual([1, []]);
      for await (const { cid, bytes } of reader.blocks())
        read.push({
          codec: cid.code,
          id: Buffer.from(cid.multihash.digest).toString('hex'),
          text: Buffer.from(bytes).toString(),
        });
    }
    expect(read).toEqual(
      sent.map(({ class: objectClass, id, bytes }) => ({
        codec: objectClass === 'chunk' ? 0x55 : 0x71,
        id,
        text: Buffer.from(bytes).toString(),
      })),
    );
  });

  it('writes the bytes that another CARv1 writer does [DML-REM-0501]', async () => {
    const [segment] = write([objectOf('one'), ...objectsOf(20, 200)]).segments;
    const { writer, out } = CarWriter.create([]);
    const pieces: Uint8Array[] = [];
    const drained = (async () => {
      for await (const piece of out) pieces.push(piece);
    })();
    for await (const block of (await CarReader.fromBytes(segment as Buffer)).blocks())
      await writer.put(block);
    await writer.close();
    await drained;
    expect(Buffer.concat(pieces).equals(segment as Buffer)).toBe(true);
    const { roots, sections } = await readCar(pieces);
    const texts: string[] = [];
    for await (const section of sections) texts.push(section.bytes.toString());
    expect([roots.length, texts.length, texts[0]]).toEqual([0, 21, 'one']);
  });

  it('cuts before a segment exceeds its size, unless one record does [DML-REM-0503]', () => {
    fc.assert(
      fc.property(objects, fc.integer({ min: 60, max: 12_000 }), (sent, maxBytes) => {
        const { segments, index } = write(sent, maxBytes);
        const counts = segments.map(() => 0);
        for (let number = 0; number < index.count; number += 1) {
          const { segment } = index.row(number);
          counts[segment] = (counts[segment] as number) + 1;
        }
        const isUnique = index.count === sent.length;
        for (const [number, { length }] of segments.entries())
          if (length > maxBytes && isUnique) expect(counts[number]).toBe(1);
      }),
    );
    expect(SEGMENT_BYTES).toBe(64 * 1024 * 1024);
    const sizes = write(objectsOf(10, 1_000 - 38), 5_018).segments.map(({ length }) => length);
    expect(sizes).toEqual([5_018, 5_018]);
    expect(write(objectsOf(10, 1_000 - 38), 5_017).segments.map(({ length }) => length)).toEqual([
      4_018, 4_018, 2_018,
    ]);
    expect(write([objectOf('x'.repeat(9_000)), objectOf('y')], 100).segments.length).toBe(2);
  });

  it('notes where each record lies in which segment', () => {
    fc.assert(
      fc.property(objects, fc.integer({ min: 60, max: 12_000 }), (sent, maxBytes) => {
        const { segments, index } = write(sent, maxBytes);
        for (const { class: objectClass, id, bytes } of sent) {
          const { segment, offset, length } = index.find(objectClass, id) ?? {
            segment: 0,
            offset: 0,
            length: 0,
          };
          const found = recordAt(segments[segment] as Buffer, { id, offset, length }, ORIGIN);
          expect(Buffer.compare(found, bytes)).toBe(0);
        }
      }),
    );
  });

  it('writes nothing where nothing was added', () => {
    expect(new SegmentWriter(new IndexRows()).finish()).toBeUndefined();
  });
});

describe('a record of a segment', () => {
  const sent = objectsOf(30, 500);
  const { segments, names, index } = write(sent, 4_000);

  it('is fetched by one range request once the index object is there [DML-REM-0506]', async () => {
    const files = new MemoryRemote().open();
    for (const [number, bytes] of segments.entries())
      await files.put(filePath('segments', names[number] as string), bytes);
    for (const { class: objectClass, id, bytes } of sent) {
      const { segment, offset, length } = index.find(objectClass, id) as RecordPosition;
      const path = filePath('segments', index.segments[segment] as string);
      const part = (await files.read(path, { offset, length })) as Uint8Array;
      expect(part.length).toBe(bytes.length);
      expect(Buffer.compare(recordAt(part, { id, offset: 0, length }, ORIGIN), bytes)).toBe(0);
    }
  });

  it('is refused unless it hashes to its id, whatever byte is wrong [DML-REM-0502]', () => {
    const { segment, offset, length, id } = index.row(3);
    const bytes = Buffer.from(segments[segment] as Buffer);
    const take = (position = { id, offset, length }): string =>
      refusal(() => recordAt(bytes, position, ORIGIN));
    expect(take()).toBe('accepted');
    expect(take({ id, offset: offset + 1, length })).toBe('remote_damaged record');
    expect(take({ id, offset, length: length - 1 })).toBe('remote_damaged record');
    expect(take({ id: index.row(4).id as ObjectId, offset, length })).toBe('remote_damaged record');
    for (const at of [offset, offset + 250, offset + length - 1]) {
      bytes[at] = (bytes[at] as number) ^ 1;
      expect(take()).toBe('remote_damaged record');
      bytes[at] = (bytes[at] as number) ^ 1;
    }
  });

  it('is refused where its segment ends before it does [DML-REM-0507]', async () => {
    const [name, bytes] = [names[0] as string, segments[0] as Buffer];
    const entry = { file: name, bytes: bytes.length };
    for (const length of [0, 17, 18, 400, bytes.length - 1]) {
      const files = new MemoryRemote().open();
      await files.put(filePath('segments', name), bytes.subarray(0, length));
      expect(await rejection(() => readSegment(files, entry))).toBe('remote_damaged hash');
      const last = { id: sent[0]?.id as ObjectId, offset: 56, length: 500 };
      expect(refusal(() => recordAt(bytes.subarray(0, length), last, ORIGIN))).toBe(
        length < 556 ? 'remote_damaged record' : 'accepted',
      );
    }
    const files = new MemoryRemote().open();
    await files.put(filePath('segments', name), bytes);
    expect(Buffer.compare((await readSegment(files, entry)) as Uint8Array, bytes)).toBe(0);
  });
});
