import { describe, expect, it } from 'vitest';
import { storeError } from '../errors.ts';
import { errnoOf, openError, readError } from './engine-error.ts';

/** An error as the engine's package makes it. */
function engineError(code: number): Error {
  return Object.assign(new Error('of the engine'), { code });
}

function systemError(code: string): Error {
  return Object.assign(new Error('of the system'), { code, syscall: 'open' });
}

describe('the error of a failed look', () => {
  it('is what the system refused, never damage [DML-STO-0180] [DML-STO-0184]', () => {
    for (const [number, errno] of [
      [5, 'EIO'],
      [12, 'ENOMEM'],
      [24, 'EMFILE'],
      [37, 'ENOLCK'],
      [11, 'EAGAIN'],
      [9999, 'error 9999'],
    ] as const)
      expect(readError(engineError(number), { path: '/p' })).toMatchObject({
        code: 'store_unreadable',
        fields: { path: '/p', errno },
      });
    for (const errno of ['EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EACCES', 'EAGAIN', 'ENOSPC']) {
      const wrapped = new Error('around it', { cause: systemError(errno) });
      for (const error of [systemError(errno), wrapped]) {
        expect(errnoOf(error)).toBe(errno);
        expect(readError(error, { path: '/p' })).toMatchObject({
          code: 'store_unreadable',
          fields: { errno },
        });
        expect(openError(error, { path: '/p' }).code, errno).toBe(
          errno === 'EACCES' || errno === 'ENOSPC' ? 'store_unwritable' : 'store_unreadable',
        );
      }
    }
  });

  it('is no damage either where the engine does not say what the system refused', () => {
    expect(readError(engineError(-30798), { path: '/p', detail: 'engine_open' })).toMatchObject({
      code: 'store_unreadable',
      detail: 'engine_open',
      fields: { path: '/p' },
    });
  });

  it('is a lost session when another process has given the place away [DML-STO-0541]', () => {
    expect(readError(engineError(-30783), { path: '/p', detail: 'engine_read' })).toMatchObject({
      code: 'session_lost',
      detail: 'slot_lost',
      fields: { path: '/p' },
    });
  });

  it('is damage when something was read and cannot be right', () => {
    for (const code of [-30796, -30797, -30793, -30787])
      expect(
        readError(engineError(code), { path: '/p', table: 'refs', detail: 'engine_read' }),
      ).toMatchObject({
        code: 'store_damaged',
        detail: 'engine_read',
        fields: { table: 'refs' },
      });
    expect(errnoOf(engineError(-30796))).toBeUndefined();
    expect(errnoOf(new TypeError('x'))).toBeUndefined();
    expect(errnoOf(Object.assign(new Error('x'), { code: 'ERR_OUT_OF_RANGE' }))).toBeUndefined();
  });

  it('passes errors of the store on', () => {
    const error = storeError('store_full');
    expect(readError(error, { path: '/p' })).toBe(error);
  });
});
