import { beforeEach, describe, expect, it } from 'vitest';
import { type RunDocument, TestRepository } from './test-repository.ts';

let repository: TestRepository;
let sums: RunDocument;
beforeEach(async () => {
  repository = await TestRepository.create();
  sums = await repository.run('sums');
  await repository.run('values');
});

/** Expects a command to refuse names of other objects, and to change nothing. */
async function expectRefused(
  command: string,
  names: readonly (readonly [name: string, found: string])[],
  { detail, rest, hint }: { readonly detail: string; readonly rest: string; readonly hint: string },
): Promise<void> {
  for (const [name, found] of names)
    expect(await repository.error(2, ['dag', command, name]), name).toMatchObject({
      code: 'wrong_class',
      detail,
      message: `"${name}" names a ${found}, and ${rest}`,
      hint: expect.stringContaining(hint),
    });
}

describe('the name of a dag', () => {
  it('to delete is refused where it names anything else [DML-REP-0033]', async () => {
    await repository.ok('dag', 'delete', 'sums');
    const names = [
      ['main', 'commit'],
      [sums.dagId.slice(0, 12), 'dag'],
      ['main~1:sums', 'dag'],
      ['main~1:sums#three', 'node'],
    ] as const;
    const hint = '"dml dag list" lists the dags';
    await expectRefused('delete', names, { detail: 'no_own_dag', rest: 'no dag of main', hint });
  });

  it('to restore is refused where it names anything else [DML-REP-0034]', async () => {
    const names = [
      ['main', 'commit'],
      [sums.dagId.slice(0, 12), 'dag'],
      ['main:sums#three', 'node'],
      ['sums#three', 'node'],
    ] as const;
    const hint = 'name it <commit>:<dag>';
    await expectRefused('restore', names, { detail: 'no_dag_of_commit', rest: 'no dag of a commit', hint });
  });

  it('to delete may be any name of a dag that the branch has [DML-REP-0036]', async () => {
    // A branch of the same name hides nothing here.
    await repository.ok('branch', 'sums', 'main~1');
    for (const name of ['sums', 'main:sums', 'HEAD:sums', 'main~0:sums', 'main~2:sums', sums.dagId]) {
      const deleted = await repository.json<{ restoringCommand: string }>('dag', 'delete', name);
      expect(deleted, name).toMatchObject({ dag: 'sums', dagId: sums.dagId, deleted: true });
      await repository.ok(...deleted.restoringCommand.split(' ').slice(1));
    }
    await repository.ok('branch', '--delete', 'sums');
    repository.write(
      'twice.ts',
      `import { definePipeline } from '@daggerml/bindings';
      export const one = definePipeline('one', () => 1);
      export const two = definePipeline('two', () => 1);`,
    );
    const { dagId } = await repository.json<RunDocument>('run', 'twice.ts', 'one');
    expect((await repository.json<RunDocument>('run', 'twice.ts', 'two')).dagId).toBe(dagId);
    expect((await repository.dml(['dag', 'delete', dagId])).exitCode).toBe(2);
    expect(await repository.json('dag', 'delete', 'main:two')).toMatchObject({ dag: 'two', dagId });
  });
});
