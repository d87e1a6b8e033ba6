import type { Records } from '@daggerml/object-model';
import { MemoryObjects } from '@daggerml/values/testing';
import { describe, expect, it } from 'vitest';
import { putFailure, readFailure } from './error-dag.ts';
import type { RecordSource } from './stored-value.ts';

const failure = { code: 'function_threw', message: 'no', trace: ['at f (steps.ts:1:1)'] };

/** The exec of a builtin whose error datum is a value. */
function execOf(objects: MemoryObjects, value: unknown): Records['exec'] {
  const id = objects.lower('something');
  const resultDatumId = objects.lower(value);
  const common = { type: 'exec', nodeKind: 'builtin', status: 'error', inputs: [] } as const;
  return { ...common, nodeId: id as never, functionDatumId: id, resultDatumId };
}

function sourceOf(objects: MemoryObjects): RecordSource {
  return {
    getPage: (pageId) => objects.getPage(pageId),
    read: (_class, id) => objects.readDatum(id as never) as never,
  };
}

describe('readFailure', () => {
  it('reads what putFailure recorded', () => {
    const objects = new MemoryObjects();
    const exec = { ...execOf(objects, null), resultDatumId: putFailure(failure, objects) } as Records['exec'];
    expect(readFailure(exec, sourceOf(objects))).toEqual(failure);
  });

  it('refuses an error datum without a schema, or with a newer one [DML-EXE-0926]', () => {
    const objects = new MemoryObjects();
    const value = { class: 'deterministic', code: 'x', message: 'y' };
    const read = (more: object) => readFailure(execOf(objects, { ...value, ...more }), sourceOf(objects));
    expect(read({ schema: 1 })).toEqual({ code: 'x', message: 'y', trace: [] });
    for (const schema of [{}, { schema: 0 }, { schema: '1' }, { schema: 1.5 }])
      expect(() => read(schema)).toThrow(expect.objectContaining({ detail: 'schema_form' }));
    expect(() => read({ schema: 2 })).toThrow(expect.objectContaining({ detail: 'newer_schema' }));
    expect(() => readFailure(execOf(objects, 'text'), sourceOf(objects))).toThrow(
      expect.objectContaining({ detail: 'schema_form' }),
    );
  });
});
