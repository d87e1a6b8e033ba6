import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERROR_DETAILS, RECORD_TYPE_NUMBERS, scanLinks } from '../src/index.ts';
import { completeVectors } from './complete-vectors.ts';
import { runCase } from './run-case.ts';
import { bytesOfVector } from './vector-case.ts';
import { VECTOR_CASES, VECTOR_FILES, VECTOR_FOLDER } from './vector-files.ts';

/** Areas whose operations have a runner of their own. */
const OTHER_AREAS: ReadonlySet<string> = new Set(['search-tree', 'blob']);

for (const [path, file] of VECTOR_FILES) {
  if (OTHER_AREAS.has(file.area)) continue;
  describe(`vectors/${path}`, () => {
    for (const vector of file.cases) {
      it(`${vector.operation}: ${vector.name} [${vector.requirement}]`, () => {
        expect(runCase(vector)).toBeUndefined();
      });
    }
  });
}

describe('the vectors together', () => {
  const records = VECTOR_CASES.filter((vector) => vector.operation === 'record');

  it('decode to their JSON form and encode back [DML-OBJ-2401]', () => {
    const wrong = records.filter((vector) => runCase(vector) !== undefined);
    expect(wrong.map((vector) => vector.name)).toEqual([]);
    expect(records.length).toBeGreaterThan(150);
  });

  it('that belong to a newer format are refused as such when their links are scanned [DML-OBJ-0234]', () => {
    const newer = VECTOR_CASES.filter(
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
      cpSync(VECTOR_FOLDER, copy, { recursive: true });
      for (const [path, file] of VECTOR_FILES) {
        const cases = file.cases.map((each) =>
          each.operation === 'record' ? { ...each, hex: undefined, id: undefined, links: undefined } : each,
        );
        writeFileSync(join(copy, path), JSON.stringify({ ...file, cases }));
      }
      expect(completeVectors(copy)).toBe(VECTOR_CASES.length);
      for (const path of VECTOR_FILES.keys())
        expect(readFileSync(join(copy, path), 'utf8'), path).toBe(
          readFileSync(join(VECTOR_FOLDER, path), 'utf8'),
        );
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('are completed by the script of the package, whatever the current folder', () => {
    const copy = mkdtempSync(join(tmpdir(), 'dml-vectors-'));
    try {
      cpSync(VECTOR_FOLDER, copy, { recursive: true });
      const script = join(import.meta.dirname, '../scripts/run.mjs');
      const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'test/vectors-main.ts', copy], {
        cwd: copy,
        encoding: 'utf8',
      });
      expect([status, stdout], stderr).toEqual([0, `${VECTOR_CASES.length} vectors in ${copy}\n`]);
      for (const path of VECTOR_FILES.keys())
        expect(readFileSync(join(copy, path), 'utf8'), path).toBe(
          readFileSync(join(VECTOR_FOLDER, path), 'utf8'),
        );
    } finally {
      rmSync(copy, { recursive: true });
    }
  });

  it('number more than 300', () => {
    expect(VECTOR_CASES.length).toBeGreaterThan(300);
  });

  it('cover every record type', () => {
    const types = new Set(records.map((vector) => (vector.value as { readonly type: string }).type));
    expect([...types].sort()).toEqual(Object.keys(RECORD_TYPE_NUMBERS).sort());
  });

  it('cover every detail of the error surface', () => {
    const details = new Set(VECTOR_CASES.map((vector) => vector.error?.detail));
    expect(Object.keys(ERROR_DETAILS).filter((detail) => !details.has(detail))).toEqual([]);
  });
});
