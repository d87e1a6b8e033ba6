import { describe, expect, it } from 'vitest';
import { cutToWidth, displayWidth } from './display-width.ts';

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['plain text', 10],
    ['é', 1],
    ['e\u0301', 1],
    ['日本語', 6],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['🚀', 2],
    ['❤', 1],
    ['❤️', 2],
    ['⚠️ x', 4],
    ['1️⃣', 2],
    ['👨‍👩‍👧', 6],
    ['a\\u200bb', 8],
  ])('of %j is %i', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});

describe('cutToWidth', () => {
  it.each([
    ['plain text', 5, 'plain'],
    ['plain', 80, 'plain'],
    ['日本語', 5, '日本'],
    ['日本語', 6, '日本語'],
    ['e\u0301e\u0301', 1, 'e\u0301'],
    ['a🚀b', 2, 'a'],
    ['a🚀b', 3, 'a🚀'],
    ['abc', 0, ''],
    ['日', -1, ''],
  ])('%j to %i columns is %j', (text, columns, cut) => {
    expect(cutToWidth(text, columns)).toBe(cut);
    expect(displayWidth(cut)).toBeLessThanOrEqual(Math.max(0, columns));
  });
});
