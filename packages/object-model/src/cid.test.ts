import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { cidOf } from '../test/vector-json.ts';
import { formatCid } from './cid.ts';
import type { ObjectId } from './ids.ts';
import { OBJECT_CLASS_NUMBERS, type ObjectClass } from './object-class.ts';

it('the CID of an object as text is that of the library of IPLD [DML-OBJ-0305]', () => {
  const classes = Object.keys(OBJECT_CLASS_NUMBERS) as ObjectClass[];
  expect(classes).toContain('chunk');
  for (const objectClass of classes)
    for (let index = 0; index < 100; index++) {
      const id = createHash('sha256').update(`${objectClass} ${index}`).digest('hex');
      const text = formatCid(objectClass, id as ObjectId as never);
      expect(text).toBe(cidOf(objectClass, id));
      expect(text).toMatch(/^b[a-z2-7]{58}$/);
    }
  expect(() => formatCid('dag', 'ab' as never)).toThrow('id_form');
});
