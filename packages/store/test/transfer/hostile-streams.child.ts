import { type CommitId, encodeRecord, hashBytes, isDmlError } from '@daggerml/object-model';
import { openStore } from '../../src/open-store.ts';
import { encodeHeader, encodeSection, encodeVarint } from '../../src/transfer/car-frame.ts';
import { importCar } from '../../src/transfer/import.ts';

/** Imports streams of `sections` refused records each, `times` times, and prints what became of that. */
const [path, sections, times] = process.argv.slice(2) as [string, string, string];

const ref = encodeRecord({
  type: 'ref',
  name: 'refs/heads/main',
  commitId: '1'.repeat(64) as CommitId,
  sequence: 1,
});

/** Returns a list of as many empty byte strings, or elements of no known kind, as a record has room for. */
function hostileRecord(number: number): Buffer {
  const item = number % 2 === 0 ? [0x40] : [0x82, 0x18, 0x40];
  const count = Math.floor((2 ** 20 - 16) / item.length);
  const head = Buffer.from([0x84, 1, 2, 8, 0x9a, 0, 0, 0, 0]);
  head.writeUInt32BE(count, 5);
  const body = Buffer.alloc(count * item.length, Buffer.from(item));
  body.writeUInt8(number % 2 === 0 ? 0x40 : 0x82, 0);
  return Buffer.concat([head, body]);
}

let taken = 0;

function* hostileStream(first: number): Generator<Uint8Array> {
  const id = hashBytes(ref);
  const header = encodeHeader([{ codec: 0x71, id }]);
  yield Buffer.concat([encodeVarint(header.length), header, encodeSection({ codec: 0x71, id }, ref)]);
  for (let number = first; number < first + Number(sections); number += 1) {
    taken += 1;
    const bytes = hostileRecord(number);
    yield encodeSection({ codec: 0x71, id: hashBytes(bytes) }, bytes);
  }
}

const store = await openStore(path, { mode: 'write', create: true });
const details = new Set<string>();
const importOnce = async (first: number): Promise<void> => {
  try {
    await importCar(store, hostileStream(first), { actor: 'hostile', reason: 'test' });
    details.add('applied');
  } catch (error) {
    if (!isDmlError(error)) throw error;
    details.add(`${error.code}/${error.detail}`);
  }
};
await importOnce(0);
await importOnce(1);
taken = 0;
const before = process.resourceUsage().maxRSS;
for (let time = 0; time < Number(times); time += 1) await importOnce(time);
const grownKilobytes = process.resourceUsage().maxRSS - before;
await store.close();
process.stdout.write(JSON.stringify({ details: [...details], taken, grownKilobytes }));
