/** Stand-in for the object model until its package publishes these names. */
import { createHash } from 'node:crypto';

export type ObjectClass = 'datum' | 'node' | 'dag' | 'tree' | 'commit' | 'exec' | 'exec-request' | 'page' | 'chunk';
export type ObjectId = string;
export type CommitId = string;
export type ExecId = string;

export interface DmlErrorInit<Code extends string = string> {
  readonly code: Code;
  readonly recordType?: string | undefined;
  readonly detail?: string | undefined;
  readonly fields?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly cause?: unknown;
}

export class DmlError<Code extends string = string> extends Error {
  override readonly name = 'DmlError';
  readonly code: Code;
  readonly recordType: string | undefined;
  readonly detail: string | undefined;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  constructor(init: DmlErrorInit<Code>) {
    super(init.code, { cause: init.cause });
    this.code = init.code;
    this.recordType = init.recordType;
    this.detail = init.detail;
    this.fields = init.fields ?? {};
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
  if (name.length === 0 || name.length > 255) throw new DmlError({ code: 'invalid_payload' });
  return name.normalize('NFC');
}
export interface Link {
  readonly class: ObjectClass;
  readonly id: ObjectId;
}
export function scanLinks(_bytes: Uint8Array, _objectClass: ObjectClass): Link[] {
  return [];
}
