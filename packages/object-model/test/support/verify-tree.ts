import {
  type PageRole,
  type PageSource,
  type TreeFault,
  type TreeRoot,
  TreeVerifier,
} from '../../src/index.ts';

/** Runs steps to their end and returns their result. */
export function drain<Result>(steps: Generator<undefined, Result, undefined>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Checks one tree; returns its first fault. */
export function verifyTree<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  pages: PageSource,
): TreeFault | undefined {
  return drain(new TreeVerifier(pages).verify(role, root));
}
