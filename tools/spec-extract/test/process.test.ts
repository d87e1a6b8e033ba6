import { expect, it } from 'vitest';
import { specOf, VERIFIED } from './memory-suite.ts';
import { snapshot, temporaryRepository, writeInto } from './temporary-repository.ts';
import { runTool, TOOL } from './tool-process.ts';

const SPEC = 'specs/10-object-model.md';

/** A suite of the size a large specification has. */
function largeSpec(count: number, word: string): string {
  return specOf(
    ...Array.from({ length: count }, (_, index) => {
      const id = `DML-OBJ-${String(index + 1).padStart(4, '0')}`;
      return `[${id}] {planned} Names of kind ${index} MUST be sorted\n  ${word}.`;
    }),
  );
}

it('a killed generate leaves each file as it was or as it shall be [DML-TRC-0607]', async () => {
  const plain = { [SPEC]: largeSpec(200, 'bytewise') };
  const root = temporaryRepository(plain);
  const first = await runTool(TOOL, ['generate'], { folder: root });
  const before = snapshot(root);
  writeInto(root, SPEC, largeSpec(200, 'by code point'));
  await runTool(TOOL, ['generate'], { folder: root });
  const after = snapshot(root);
  const generated = ['COMPLIANCE.md', 'requirements/object-model.yaml'];
  expect(generated.filter((path) => before[path] === after[path])).toEqual(['COMPLIANCE.md']);

  const rounds = 4;
  for (let round = 0; round < rounds; round++) {
    for (const path of generated) writeInto(root, path, before[path]!);
    const delayMs = first.durationMs * (0.4 + (0.6 * round) / rounds);
    await runTool(TOOL, ['generate'], {
      folder: root,
      interfere: ({ kill }) => setTimeout(() => kill('SIGKILL'), delayMs),
    });
    const now = snapshot(root);
    for (const path of generated)
      expect([before[path], after[path]], `${path}, round ${round}`).toContain(now[path]);
  }
});

it('errors go to standard error, results to standard output', async () => {
  const root = temporaryRepository(VERIFIED);
  const wrong = await runTool(TOOL, ['nonsense'], { folder: root });
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  expect(wrong.stderr).toMatch(/^error: unknown command nonsense; .*\n$/);
  const right = await runTool(TOOL, ['check'], { folder: root });
  expect([right.code, right.stderr]).toEqual([1, '']);
});
