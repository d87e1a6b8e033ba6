import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarReader } from '@ipld/car';
import { describe, expect, it } from 'vitest';
import { rejection } from './errors.ts';
import { expectedOf, runCase } from './run-case.ts';
import type { GroupCase, VectorCase } from './vector-case.ts';

const FOLDER = join(import.meta.dirname, '../../../vectors/remote');

const cases = readdirSync(FOLDER).flatMap((file) => {
  const content = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { cases: readonly VectorCase[] };
  return content.cases.map((vector) => ({ file, vector }));
});

describe.each(['accepted.json', 'refused.json'])('vectors/remote/%s', (file) => {
  for (const { vector } of cases.filter((each) => each.file === file))
    it(`${vector.operation}: ${vector.name} [${vector.requirement}]`, async () => {
      const { error } = vector;
      expect(error === undefined).toBe(file === 'accepted.json');
      if (error === undefined) expect(await runCase(vector)).toEqual(expectedOf(vector));
      else
        expect(await rejection(() => runCase(vector))).toBe(
          [error.code, error.detail].filter(Boolean).join(' '),
        );
    });
});

describe('the vectors of remotes', () => {
  it('have names of their own', () => {
    const names = cases.map(({ vector }) => vector.name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('hold segments that other tools read [DML-REM-0501]', async () => {
    const groups = cases.flatMap(({ vector }) =>
      vector.operation === 'group' ? [vector] : [],
    ) as GroupCase[];
    expect(groups.length).toBeGreaterThan(5);
    for (const { objects, segments } of groups) {
      const read: string[] = [];
      for (const { hex } of segments)
        for await (const block of (await CarReader.fromBytes(Buffer.from(hex, 'hex'))).blocks())
          read.push(Buffer.from(block.bytes).toString('hex'));
      expect(read).toEqual(objects.map(({ hex }) => hex));
    }
  });
});
