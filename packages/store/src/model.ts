/** Stand-in for the object model until its package publishes these names. */
import { createHash } from 'node:crypto';

export type ObjectClass = 'datum' | 'node' | 'dag' | 'tree' | 'commit' | 'exec' | 'exec-request' | 'page' | 'chunk';
export type ObjectId = string;
export type CommitId = string;
export type ExecId = string;

export class DmlError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly recordType: string | undefined;
  readonly detail: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  constructor(
    code: Code,
    options: { recordType?: string; detail?: string; fields?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, { cause: options.cause });
    this.code = code;
    this.recordType = options.recordType;
    this.detail = options.detail;
    this.fields = options.fields ?? {};
  }
}

export function hashBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function encodeKeyName(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
export function decodeKeyName(text: string): string {
  return decodeURIComponent(text);
}
export function canonicalName(name: string): string {
  if (name.length === 0 || name.length > 255) throw new DmlError('invalid_payload');
  return name.normalize('NFC');
}
export interface Link {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}
export function scanLinks(_bytes: Uint8Array, _objectClass: ObjectClass): Link[] {
  return [];
}
