import { errorBuilder } from '@daggerml/object-model';
import { storeError } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import type { CliIo } from '../process/cli-io.ts';
import { Output } from '../render/output.ts';
import { describeError, reportError } from './error-report.ts';

describe('describeError', () => {
  it('shows the escapes of a name that is not in NFC, and of no other [DML-CLI-1209]', () => {
    const refuse = errorBuilder<'invalid_name'>();
    const decomposed = refuse('invalid_name', { name: 'cafe\u0301', reason: 'not_canonical' });
    const { message, hint } = describeError(decomposed, '/');
    expect(message).toBe(
      '"cafe\u0301" cannot be a name (not_canonical): it is "cafe\\u{301}", with an accent apart from its letter',
    );
    expect(hint).toContain('name.normalize()');
    const composed = refuse('invalid_name', { name: 'caf\u00e9/..', reason: 'name_reserved' });
    expect(describeError(composed, '/').message).toBe('"caf\u00e9/.." cannot be a name (name_reserved)');
  });
});

describe('reportError', () => {
  /** What is on standard error when the engine has printed something before. */
  function told(error: unknown, json: boolean): string {
    let text = 'Write error: Input/output error position 8192, size 4096';
    const write = (piece: string | Uint8Array): boolean => {
      text += String(piece);
      return true;
    };
    const sink = { write };
    const io = { stdout: sink, stderr: sink, cwd: '/', env: {} } as unknown as CliIo;
    reportError(error, io, new Output(io, { json, quiet: false, color: false }));
    return text;
  }

  it('begins on a line of its own after what the engine has printed [DML-CLI-0440]', () => {
    const error = storeError('store_write_failed', { label: 'commit' });
    expect(told(error, false).split('\n')[1]).toMatch(/^dml: /);
    const [, ...document] = told(error, true).split('\n');
    expect(JSON.parse(document.join('\n'))).toMatchObject({ code: 'store_write_failed' });
    expect(told(storeError('store_missing', { path: '/' }), false)).toContain('size 4096dml: ');
  });
});
