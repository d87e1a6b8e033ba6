import { decodeRecord, encodeRecord, hashBytes } from '@daggerml/object-model';
import { interleave, median } from './harness.mjs';

const CALLS = 50_000;
const id = (number) => hashBytes(new TextEncoder().encode(`bench ${number}`));

const LITERAL = { type: 'node', kind: 'literal', datumId: id(0) };
const CALL = { type: 'node', kind: 'call', functionDatumId: id(1), inputs: [id(2), id(3)] };
const NUMBER = { type: 'datum', kind: 'i64', value: 42n };
const TEXT = { type: 'datum', kind: 'string', value: 'a short string of text' };
const PINS = {
  type: 'page',
  role: 'pins',
  level: 0,
  entries: Array.from({ length: 30 }, (_, at) => [id(10 + at), id(100 + at)]).sort((a, b) =>
    a[0] < b[0] ? -1 : 1,
  ),
};

function subject(name, body) {
  return {
    name,
    run: () => {
      const start = process.hrtime.bigint();
      for (let call = 0; call < CALLS; call += 1) body();
      return Number(process.hrtime.bigint() - start) / 1e6;
    },
  };
}

const ROWS = [
  ['literal node', LITERAL, 1.5, 1],
  ['call node with 2 inputs', CALL, 2.5, 2],
  ['integer datum', NUMBER, 1.5, 1],
  ['string datum', TEXT, 2, 2],
  ['page of 30 pins', PINS, 25, 40],
];

/** Measures encode + hash and decode of single records, in microseconds and as a multiple of the hash alone. */
export async function run() {
  const rows = [];
  for (const [name, record, writeAimUs, readAimUs] of ROWS) {
    const bytes = encodeRecord(record);
    const times = await interleave(
      [
        subject('write', () => hashBytes(encodeRecord(record))),
        subject('hash', () => hashBytes(bytes)),
        subject('read', () => decodeRecord(bytes, record.type)),
      ],
      { rounds: 7, warmups: 2 },
    );
    const us = (which) => (median(times.get(which)) * 1000) / CALLS;
    const relative = (which) =>
      median(times.get(which).map((value, round) => value / times.get('hash')[round]));
    const row = (what, which, aimUs) => ({
      what: `${what} of a ${name}, ${bytes.length} bytes`,
      against: 'SHA-256 of the same bytes',
      result: `${us(which).toFixed(2)} µs, ${relative(which).toFixed(1)}×`,
      aim: `≤ ${aimUs} µs`,
      met: us(which) <= aimUs,
    });
    rows.push(row('encode + hash', 'write', writeAimUs), row('strict decode', 'read', readAimUs));
  }
  return rows;
}
