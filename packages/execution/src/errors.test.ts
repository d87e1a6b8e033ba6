import { describe, expect, it } from 'vitest';
import { executionError } from './errors.ts';
import { loadPipeline } from './pipeline/load-pipeline.ts';

describe('executionError', () => {
  it('says in words what was found and where [DML-BND-1401]', async () => {
    expect(executionError('unreadable_file', { path: 'a.csv', reason: 'ENOENT' }).message).toBe(
      'unreadable_file: "a.csv" cannot be read (ENOENT)',
    );
    expect(executionError('ambiguous_pipeline', { file: 'p.ts', pipelines: ['a', 'b'] }).message).toBe(
      'ambiguous_pipeline: "p.ts" exports several pipelines: a, b',
    );
    await expect(loadPipeline('/nowhere/p.ts')).rejects.toThrow(
      'pipeline_missing: there is no file "/nowhere/p.ts"',
    );
  });

  it('leaves out what is not known', () => {
    expect(executionError('capture_failed', { reason: 'no file' }).message).toBe('capture_failed: no file');
    expect(executionError('not_a_pipeline', { file: 'p.ts', wanted: '', pipelines: [] }).message).toBe(
      'not_a_pipeline: "p.ts" exports no pipeline',
    );
  });
});
