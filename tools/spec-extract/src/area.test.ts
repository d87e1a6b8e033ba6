import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AREAS, areaOfDocument, areaOfId, isOverview } from './area.ts';

it('the areas are those of the table in the specification', () => {
  const spec = readFileSync(`${import.meta.dirname}/../../../specs/90-traceability.md`, 'utf8');
  const rows = [...spec.matchAll(/^\| ([A-Z]+) \| `([^`]+)` \| ([a-z-]+) \|$/gm)];
  expect(
    rows.map(([, code, document, packageName]) => ({ code, document: `specs/${document}`, packageName })),
  ).toEqual(AREAS);
});

it('an id and a document lead to the same area, strangers to none', () => {
  for (const area of AREAS) {
    expect(areaOfId(`DML-${area.code}-0001`)).toBe(area);
    expect(areaOfDocument(area.document)).toBe(area);
  }
  expect([areaOfId('DML-XYZ-0001'), areaOfDocument('specs/00-overview.md')]).toEqual([undefined, undefined]);
});

it('an overview is numbered 00', () => {
  expect(isOverview('specs/00-overview.md')).toBe(true);
  expect(isOverview('specs/10-object-model.md')).toBe(false);
});
