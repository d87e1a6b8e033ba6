import { executionError } from '@daggerml/execution';
import { NodeHandle } from './node-handle.ts';

/** Tells whether a collection holds a handle at any depth. Throws `cyclic_value` for one that contains itself. */
export function holdsHandle(value: unknown, path: string): boolean {
  return typeof value === 'object' && value !== null && search(value, path, new Set());
}

function search(value: object, path: string, open: Set<object>): boolean {
  if (value instanceof NodeHandle) return true;
  const items = itemsOf(value);
  if (items === undefined) return false;
  if (open.has(value)) throw executionError('cyclic_value', { path: path === '' ? 'the value' : path });
  open.add(value);
  for (const item of items) {
    if (typeof item === 'object' && item !== null && search(item, path, open)) return true;
  }
  open.delete(value);
  return false;
}

/** What a collection holds; undefined for anything that is not a collection of this language. */
function itemsOf(value: object): Iterable<unknown> | undefined {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? Object.values(value) : undefined;
}
