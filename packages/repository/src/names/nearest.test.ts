import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const commands = ['init', 'run', 'status', 'log', 'show', 'merge', 'index'];

describe('nearest', () => {
  it.each([
    ['lgo', ['log']],
    ['stauts', ['status']],
    ['idx', ['index']],
    ['sta', ['status']],
    ['frobnicate', []],
    ['x', []],
    ['', commands.slice().sort().slice(0, 3)],
  ])('of %j are %j', (word, expected) => {
    expect(nearest(word, commands)).toEqual(expected);
  });
});
