import type { ExecId, ExecRecord, NodeId } from '@daggerml/object-model';
import { blob } from '@daggerml/values/authoring';
import { MemoryObjects } from '@daggerml/values/testing';
import { describe, expect, it } from 'vitest';
import type { ExplainSource } from './call-side.ts';
import { functionChanges } from './function-changes.ts';
import { type FunctionSources, sourcesOfExec } from './function-sources.ts';

/** Execs and what their receipts name; chunks are not kept. */
class Captures {
  readonly objects = new MemoryObjects();
  readonly #execs = new Map<string, ExecRecord>();

  /** Records the exec of a call whose receipt is a value, or which was taken over from another one. */
  add(receipt: unknown, sourceExecId: ExecId | null = null): ExecId {
    const some = this.objects.lower('something') as never;
    const execId = `${this.#execs.size}` as ExecId;
    this.#execs.set(execId, {
      ...{ type: 'exec', nodeId: some as NodeId, status: 'ok', functionDatumId: some, inputs: [] },
      ...{ nodeKind: 'call', resultDagId: some, pins: [], requestId: some, sourceExecId },
      ...{ startedMs: null, finishedMs: null, detailsDatumId: some },
      receiptDatumId: receipt === undefined ? null : this.objects.lower(receipt),
    });
    return execId;
  }

  sourcesOf(execId: ExecId | undefined): FunctionSources | undefined {
    return sourcesOfExec(this.source, execId);
  }

  get source(): ExplainSource {
    return {
      getPage: (pageId) => this.objects.getPage(pageId),
      getChunk: () => undefined,
      getBytes: () => undefined,
      read: (objectClass, id) =>
        (objectClass === 'exec' ? this.#execs.get(id) : this.objects.readDatum(id as never)) as never,
    };
  }
}

describe('functionChanges', () => {
  it('has files and libraries by name, and the bundler where it is another [DML-EXE-1704]', () => {
    const captures = new Captures();
    const library = (name: string, version: string) => ({ name, version, sha256: `${name} ${version}` });
    const before = captures.add({
      bundler: 'tool 1',
      sources: {
        files: { 'a.ts': blob('a'), 'b.ts': blob('b'), 'c.ts': blob('c') },
        libraries: [library('same', '1'), library('old', '1'), library('changed', '1')],
      },
    });
    const after = captures.add({
      bundler: 'tool 2',
      sources: {
        files: { 'a.ts': blob('a'), 'c.ts': blob('changed'), 'd.ts': blob('d') },
        libraries: [library('new', '3'), library('same', '1'), library('changed', '2')],
      },
    });
    // The content of the files is gone.
    expect(functionChanges(captures.sourcesOf(before), captures.sourcesOf(after))).toEqual({
      files: [
        { path: 'b.ts', kind: 'removed', diff: undefined },
        { path: 'c.ts', kind: 'changed', diff: undefined },
        { path: 'd.ts', kind: 'added', diff: undefined },
      ],
      libraries: [
        { name: 'changed', before: '1', after: '2' },
        { name: 'new', before: undefined, after: '3' },
        { name: 'old', before: '1', after: undefined },
      ],
      bundler: { before: 'tool 1', after: 'tool 2' },
    });
  });

  it('is unknown where the sources of one were not kept [DML-EXE-1704]', () => {
    const captures = new Captures();
    const kept = captures.sourcesOf(captures.add({ sources: { files: { 'a.ts': blob('a') } } }));
    expect(functionChanges(kept, kept)).toEqual({ files: [], libraries: [], bundler: undefined });
    for (const receipt of [undefined, { sources: {} }, { sources: 'none' }, 'text', []]) {
      const other = captures.sourcesOf(captures.add(receipt));
      expect(functionChanges(kept, other)).toBeUndefined();
      expect(functionChanges(other, kept)).toBeUndefined();
    }
  });

  it('takes of a receipt what it understands, whoever wrote it', () => {
    const captures = new Captures();
    const files = { 'a.ts': blob('a'), 'b.ts': 'text', 'c.ts': null, 'd.ts': ['list'] };
    const ran = captures.add({ sources: { files, libraries: 'none' } });
    const sources = captures.sourcesOf(captures.add(undefined, ran));
    expect([[...(sources?.files.keys() ?? [])], sources?.libraries, sources?.bundler]).toEqual([
      ['a.ts'],
      [],
      'unknown',
    ]);
    expect(captures.sourcesOf(undefined)).toBeUndefined();
  });
});
