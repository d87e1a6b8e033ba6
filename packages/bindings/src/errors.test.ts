import { describe, expect, it } from 'vitest';
import { bindingsError } from './errors.ts';
import { Repository } from './repository.ts';

describe('bindingsError', () => {
  it('says in words what was refused [DML-BND-1402]', async () => {
    expect(bindingsError('repository_exists', { folder: '/work', instead: 'open it' }).message).toBe(
      'repository_exists: "/work" has a repository already; open it',
    );
    expect(bindingsError('name_taken', { name: 'clean' }).message).toBe(
      'name_taken: the dag names two nodes "clean"',
    );
    await expect(Repository.open('/')).rejects.toThrow(
      'not_a_repository: there is no repository in "/" or above it',
    );
  });
});
