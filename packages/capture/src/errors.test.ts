import { describe, expect, it } from 'vitest';
import { captureError } from './errors.ts';
import { loadPipeline } from './pipeline/load-pipeline.ts';

describe('captureError', () => {
  it('says in words what was found and where [DML-BND-1401]', async () => {
    expect(captureError('ambiguous_pipeline', { file: 'p.ts', pipelines: ['a', 'b'] }).message).toBe(
      'ambiguous_pipeline: "p.ts" exports several pipelines: a, b',
    );
    await expect(loadPipeline('/nowhere/p.ts')).rejects.toThrow(
      'pipeline_missing: there is no file "/nowhere/p.ts"',
    );
  });
});
