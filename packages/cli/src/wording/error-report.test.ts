import { bindingsError, definePipeline } from '@daggerml/bindings';
import { captureError } from '@daggerml/capture';
import { storeError } from '@daggerml/store';
import { describe, expect, it } from 'vitest';
import type { CliIo } from '../process/cli-io.ts';
import { Output } from '../render/output.ts';
import { describeError, reportError } from './error-report.ts';

describe('describeError', () => {
  function refusalOf(name: string): unknown {
    try {
      return definePipeline(name, async () => 1);
    } catch (error) {
      return error;
    }
  }

  it('shows the escapes of a name that is not in NFC, and of no other [DML-CLI-1209]', () => {
    const { message, hint } = describeError(refusalOf('cafe\u0301'), '/');
    expect(message).toBe(
      '"cafe\u0301" cannot be a name (not_canonical): it is "cafe\\u{301}", with an accent apart from its letter',
    );
    expect(hint).toContain('name.normalize()');
    expect(describeError(refusalOf('..'), '/').message).toMatch(/"\.\." cannot be a name \(name_reserved\)$/);
  });

  it('reports the words of a package as they are, behind the place [DML-CLI-1520]', () => {
    const full = storeError('store_full', { path: '/d', neededBytes: 2048, availableBytes: 1024 });
    expect(describeError(full, '/').message).toBe(full.words);
    const placed = captureError('capture_failed', { file: '/work/a.ts', line: 3, reason: 'why' });
    expect(describeError(placed, '/work').message).toBe(`a.ts:3: ${placed.words}`);
    const inFile = captureError('capture_failed', { file: '/work/a.ts', line: 0, reason: 'why' });
    expect(describeError(inFile, '/work').message).toBe(`a.ts: ${inFile.words}`);
  });

  it('gives the hint of the detail, else of the code, else of the error [DML-CLI-1521]', () => {
    const hintOf = (error: unknown): string | undefined => describeError(error, '/').hint;
    expect(hintOf(storeError('gc_refused', { detail: 'no_roots' }))).toContain('makes the first one');
    expect(hintOf(storeError('gc_refused', { detail: 'other' }))).toContain('dml verify');
    expect(hintOf(bindingsError('repository_exists', { folder: '/', instead: 'open it' }))).toContain(
      'dml status',
    );
    expect(hintOf(bindingsError('foreign_handle', { path: 'x', nodeId: 'n', instead: 'do {this}' }))).toBe(
      'do {this}',
    );
    expect(hintOf(storeError('sequence_unknown'))).toBeUndefined();
  });
});

it('the report of a failed write begins on a line of its own [DML-CLI-2908]', () => {
  const told = (error: unknown, json: boolean): string => {
    // As the engine leaves it.
    let text = 'Write error: position 8192, size 4096';
    const write = (piece: string): boolean => {
      text += String(piece);
      return true;
    };
    const io = { stdout: { write }, stderr: { write }, cwd: '/', env: {} } as unknown as CliIo;
    reportError(error, io, new Output(io, { json, quiet: false, color: false }));
    return text;
  };
  const failed = storeError('store_write_failed', { label: 'commit' });
  expect(told(failed, false).split('\n')[1]).toMatch(/^dml: /);
  const [, ...document] = told(failed, true).split('\n');
  expect(JSON.parse(document.join('\n'))).toMatchObject({ code: 'store_write_failed' });
  expect(told(storeError('store_missing', { path: '/' }), false)).toContain('size 4096dml: ');
});
