import { describe, expect, it } from 'vitest';
import {
  OBJECT_CLASS_NUMBERS,
  OBJECT_CLASSES,
  objectClassOf,
  RECORD_TYPE_NUMBERS,
  recordTypeOf,
} from './object-class.ts';

describe('type numbers', () => {
  it('are those of the specification [DML-OBJ-0204]', () => {
    expect(RECORD_TYPE_NUMBERS).toEqual({
      meta: 1,
      datum: 2,
      node: 3,
      dag: 4,
      tree: 5,
      commit: 6,
      ref: 7,
      tombstone: 8,
      exec: 9,
      'exec-request': 10,
      page: 11,
      stub: 13,
    });
    for (const [type, number] of Object.entries(RECORD_TYPE_NUMBERS)) expect(recordTypeOf(number)).toBe(type);
    for (const number of [-1, 0, 12, 1.5]) expect(recordTypeOf(number)).toBeUndefined();
  });

  it('are the class bytes of objects, with 12 for chunks [DML-OBJ-0205]', () => {
    const { chunk, ...records } = OBJECT_CLASS_NUMBERS;
    expect(chunk).toBe(12);
    for (const [objectClass, number] of Object.entries(records)) {
      expect(RECORD_TYPE_NUMBERS[objectClass as keyof typeof records]).toBe(number);
    }
    expect(OBJECT_CLASSES.map((objectClass) => objectClassOf(OBJECT_CLASS_NUMBERS[objectClass]))).toEqual(
      OBJECT_CLASSES,
    );
    for (const number of [0, 1, 7, 8, 13]) expect(objectClassOf(number)).toBeUndefined();
  });
});
