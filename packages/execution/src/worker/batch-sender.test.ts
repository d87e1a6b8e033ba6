import { encodeRecord, hashBytes } from '@daggerml/object-model';
import { lowerStream } from '@daggerml/values';
import { describe, expect, it } from 'vitest';
import { CapturePlace } from '../../test/capture-place.ts';
import { BatchSender, FULL_BATCH_BYTES } from './batch-sender.ts';
import { type PackedObjects, packObjects, unpackObjects } from './packed-objects.ts';
import { RemoteObjects } from './remote-objects.ts';

const MIB = 1024 * 1024;

/** Bytes that differ from those with another number. */
function chunk(number: number, sizeBytes = 64 * 1024): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

describe('BatchSender', () => {
  it('sends every object once, in order, in full batches and a rest', () => {
    const sent: PackedObjects[] = [];
    const sender = new BatchSender((objects) => void sent.push(objects));
    const ids = Array.from({ length: 400 }, (_, number) => sender.putChunk(chunk(number)));
    expect(sent.map(({ ends }) => ends.at(-1))).toEqual(sent.map(() => FULL_BATCH_BYTES + 64 * 1024));
    sender.flush();
    sender.flush();
    expect(sender.take()).toBeUndefined();
    const objects = sent.flatMap((packed) => [...unpackObjects(packed)]);
    expect(objects.map(({ objectId }) => objectId)).toEqual(ids);
    for (const { objectId, bytes } of objects) expect(hashBytes(bytes)).toBe(objectId);
  });

  it('has a stream wait while much of it is on its way [DML-EXE-2660]', async () => {
    for (const pieceBytes of [64 * 1024, 100 * MIB]) {
      const sent: PackedObjects[] = [];
      const sender = new BatchSender((objects) => void sent.push(objects));
      const objects = new RemoteObjects(packObjects([]), async () => [], sender);
      const pieces = Array.from({ length: Math.ceil((100 * MIB) / pieceBytes) }, (_, number) =>
        chunk(number, pieceBytes),
      );
      let isOver = false;
      const lowered = lowerStream(pieces, objects).then((datum) => {
        isOver = true;
        return datum;
      });
      let taken = 0;
      let sentBytes = 0;
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve));
        const waiting = sent.slice(taken);
        expect(waiting.reduce((sum, { ends }) => sum + (ends.at(-1) ?? 0), 0)).toBeLessThanOrEqual(32 * MIB);
        if (waiting.length === 0) continue;
        sentBytes += waiting[0]?.ends.at(-1) ?? 0;
        taken += 1;
        sender.noteTaken([]);
      }
      expect((await lowered).sizeBytes).toBe(100 * MIB);
      expect(sentBytes).toBeGreaterThan(70 * MIB);
    }
  });
});

describe('objects that came from a thread', () => {
  it('are what they were when the memory they came in is used again [DML-EXE-2661]', async () => {
    const place = await CapturePlace.create();
    try {
      const { objects } = place;
      const bytes = chunk(7);
      const record = encodeRecord({ type: 'datum', kind: 'string', value: 'x'.repeat(10_000) });
      const [chunkId, datumId] = [hashBytes<'chunk'>(bytes), hashBytes<'datum'>(record)];
      const packed = packObjects([
        { objectClass: 'chunk', objectId: chunkId, bytes },
        { objectClass: 'datum', objectId: datumId, bytes: record },
      ]);
      objects.take(packed);
      const read = [await objects.readChunk(chunkId), objects.getBytes('datum', datumId)];
      objects.writeAll();
      expect(objects.hasPending).toBe(false);
      packed.bytes.fill(0);
      expect(read.map((each) => hashBytes(each as Uint8Array))).toEqual([chunkId, datumId]);
      expect(hashBytes(await objects.readChunk(chunkId))).toBe(chunkId);
      expect(hashBytes(objects.getBytes('datum', datumId) as Uint8Array)).toBe(datumId);
    } finally {
      await place.close();
    }
  });
});
