import { createHash } from 'node:crypto';
import type { ObjectId } from '@daggerml/object-model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CarLink, decodeHeader, encodeHeader, encodeSection, encodeVarint } from './car-frame.ts';
import { type CarSection, type CarStream, MAX_BLOCK_BYTES, readCar } from './car-reader.ts';

// The same inputs in every run.
fc.configureGlobal({ seed: 20_261_121 });

function linkOf(bytes: Uint8Array, codec: 0x71 | 0x55 = 0x55): CarLink {
  return { codec, id: createHash('sha256').update(bytes).digest('hex') as ObjectId };
}

function streamOf(blocks: readonly Uint8Array[]): Buffer {
  const header = encodeHeader(blocks.slice(0, 1).map((block) => linkOf(block)));
  return Buffer.concat([
    encodeVarint(header.length),
    header,
    ...blocks.map((block) => encodeSection(linkOf(block), block)),
  ]);
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

async function readAll(stream: Iterable<Uint8Array>): Promise<CarSection[]> {
  const { sections } = await readCar(stream);
  const all: CarSection[] = [];
  for await (const section of sections) all.push(section);
  return all;
}

describe('readCar', () => {
  it('reads the same whether it takes what is in memory at once or waits, whatever the pieces', async () => {
    const blocks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 30 });
    const sizes = fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(blocks, sizes, fc.nat(400), async (contents, cuts, lost) => {
        const whole = streamOf(contents);
        const pieces = cut(whole.subarray(0, whole.length - (lost % whole.length)), cuts);
        const outcomeOf = async (take: (stream: CarStream, all: CarSection[]) => Promise<void>) => {
          const all: CarSection[] = [];
          try {
            await take(await readCar(pieces), all);
          } catch (error) {
            return { all, detail: (error as { detail?: unknown }).detail };
          }
          return { all, detail: undefined };
        };
        const waiting = await outcomeOf(async ({ sections }, all) => {
          for await (const section of sections) all.push(section);
        });
        const taking = await outcomeOf(async ({ sections, takeBuffered }, all) => {
          for await (const first of sections)
            for (let next: CarSection | undefined = first; next !== undefined; next = takeBuffered())
              all.push(next);
        });
        expect(taking).toEqual(waiting);
      }),
    );
  });

  it('refuses pieces that are not bytes [DML-STO-1016]', async () => {
    const stream = streamOf([Buffer.from('one')]);
    for (const piece of ['text', undefined, null, 7, [1], new ArrayBuffer(3)]) {
      const refused = expect.objectContaining({ code: 'transfer_invalid', detail: 'piece_form' });
      await expect(readAll([piece] as never)).rejects.toEqual(refused);
      await expect(readAll([stream.subarray(0, 60), piece] as never)).rejects.toEqual(refused);
    }
  });

  it('reads back what was written, whatever the pieces', async () => {
    const block = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        async (blocks, sizes) => {
          const sections = await readAll(cut(streamOf(blocks), sizes));
          expect(sections.map((section) => Buffer.from(section.bytes))).toEqual(
            blocks.map((b) => Buffer.from(b)),
          );
          expect(sections.map((section) => section.link)).toEqual(blocks.map((b) => linkOf(b)));
        },
      ),
    );
  });

  it('refuses a stream cut anywhere inside a section [DML-STO-1013]', async () => {
    const stream = streamOf([Buffer.from('first block'), Buffer.from('second block')]);
    const whole = new Set<number>([stream.length]);
    const headerEnd = stream.length - 2 * 37 - 'first block'.length - 'second block'.length;
    whole.add(headerEnd).add(headerEnd + 37 + 'first block'.length);
    for (let length = 0; length < stream.length; length += 1) {
      const outcome = await readAll([stream.subarray(0, length)]).then(
        () => 'read',
        (error: { code?: string; detail?: string }) => `${error.code}/${error.detail}`,
      );
      expect(outcome, `cut at ${length}`).toBe(whole.has(length) ? 'read' : 'transfer_invalid/truncated');
    }
  });

  it('refuses lengths beyond the bounds without asking for that many bytes [DML-STO-1011]', async () => {
    const header = encodeHeader([]);
    const start = Buffer.concat([encodeVarint(header.length), header]);
    const lengths = [MAX_BLOCK_BYTES + 37, 2 ** 28 - 1, 2 ** 40, 2 ** 53 - 1];
    for (const length of lengths) {
      let asked = 0;
      const pieces = function* (): Generator<Uint8Array> {
        yield Buffer.concat([start, encodeVarint(length)]);
        for (; asked < 100; asked += 1) yield Buffer.alloc(65_536);
      };
      await expect(readAll(pieces())).rejects.toMatchObject({
        code: 'transfer_invalid',
        detail: 'length_bounds',
      });
      expect(asked).toBe(0);
    }
    await expect(readAll([encodeVarint(2 ** 27)])).rejects.toMatchObject({ detail: 'length_bounds' });
    await expect(readAll([Buffer.concat([start, encodeVarint(36), Buffer.alloc(36)])])).rejects.toMatchObject(
      {
        detail: 'length_bounds',
      },
    );
  });

  it('refuses lengths that are not in their shortest form', async () => {
    await expect(readAll([Buffer.from([0x91, 0x80, 0x00])])).rejects.toMatchObject({
      detail: 'length_form',
    });
  });

  it('refuses CIDs of other versions, codecs and hashes', async () => {
    const block = Buffer.from('block');
    const good = streamOf([block]);
    const cidAt = good.length - block.length - 36;
    for (const offset of [0, 1, 2, 3]) {
      const bad = Buffer.from(good);
      bad[cidAt + offset] = 0x00;
      await expect(readAll([bad])).rejects.toMatchObject({ detail: 'cid_unsupported' });
    }
  });
});

describe('encodeHeader', () => {
  it('is one deterministic form at every count of roots', () => {
    for (const count of [0, 1, 23, 24, 255, 256, 3000]) {
      const roots = Array.from({ length: count }, (_, index) => linkOf(Buffer.from(`${index}`), 0x71));
      const header = encodeHeader(roots);
      expect(decodeHeader(header)).toEqual(roots);
    }
    expect(() => decodeHeader(Buffer.concat([encodeHeader([]), Buffer.of(0)]))).toThrow();
  });
});
