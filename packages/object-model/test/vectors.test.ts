import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_DETAILS, RECORD_TYPE_NUMBERS, scanLinks } from '../src/index.ts';
import { completeVectors } from './complete-vectors.ts';
import { runCase } from './run-case.ts';
import { bytesOfVector, type VectorCase, type VectorFile } from './vector-case.ts';

const folder = join(import.meta.dirname, '../../../vectors');
/** Areas whose operations have a runner of their own. */
const OTHER_AREAS: ReadonlySet<string> = new Set(['search-tree', 'blob']);

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.json'))
  .sort()
  .map((path) => ({ path, file: JSON.parse(readFileSync(join(folder, path), 'utf8')) as VectorFile }));
const all: readonly VectorCase[] = files.flatMap(({ file }) => file.cases);

for (const { path, file } of files.filter(({ file }) => !OTHER_AREAS.has(file.area))) {
  describe(`vectors/${path}`, () => {
    for (const vector of file.cases) {
      it(`${vector.operation}: ${vector.name} [${vector.requirement}]`, () => {
        expect(runCase(vector)).toBeUndefined();
      });
    }
  });
}

describe('the vectors together', () => {
  const records = all.filter((vector) => vector.operation === 'record');

  it('decode to their JSON form and encode back [DML-OBJ-2401]', () => {
    const wrong = records.filter((vector) => runCase(vector) !== undefined);
    expect(wrong.map((vector) => vector.name)).toEqual([]);
    expect(records.length).toBeGreaterThan(150);
  });

  it('that belong to a newer format are refused as such when their links are scanned [DML-OBJ-0234]', () => {
    const newer = all.filter(
      ({ operation, error }) => operation === 'decode' && error?.detail.startsWith('newer_'),
    );
    // The class in a tombstone or stub is no place where links are looked for.
    const ofObjects = newer.filter(({ error }) => !['tombstone', 'stub'].includes(error?.recordType ?? ''));
    expect(ofObjects.length).toBeGreaterThan(20);
    for (const { name, hex, error } of ofObjects)
      expect(() => scanLinks(bytesOfVector(hex!), () => {}), name).toThrow(
        expect.objectContaining({ code: error?.code, detail: error?.detail }),
      );
  });

  it('are complete, and two other CBOR libraries agree with every record', () => {
    const copy = mkdtempSync(join(tmpdir(), 'dml-vectors-'));
    try {
      cpSync(folder, copy, { recursive: true });
      for (const { path, file } of files) {
        const cases = file.cases.map((each) =>
          each.operation === 'record' ? { ...each, hex: undefined, id: undefined, links: undefined } : each,
        );
        writeFileSync(join(copy, path), JSON.stringify({ ...file, cases }));
      }
      expect(completeVectors(copy)).toBe(all.length);
      for (const { path } of files)
        expect(readFileSync(join(copy, path), 'utf8'), path).toBe(readFileSync(join(folder, path), 'utf8'));
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('number more than 300', () => {
    expect(all.length).toBeGreaterThan(300);
  });

  it('cover every record type', () => {
    const types = new Set(records.map((vector) => (vector.value as { readonly type: string }).type));
    expect([...types].sort()).toEqual(Object.keys(RECORD_TYPE_NUMBERS).sort());
  });

  it('cover every detail of the error surface', () => {
    const details = new Set(all.map((vector) => vector.error?.detail));
    expect(Object.keys(ERROR_DETAILS).filter((detail) => !details.has(detail))).toEqual([]);
  });
});
