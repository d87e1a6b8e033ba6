import type { CommandSpec } from '../command.ts';

/** Commands that move commits by files. */
export const BUNDLES: readonly CommandSpec[] = [
  {
    name: 'bundle create',
    group: 'Share',
    summary: 'Write branches and tags, with all that they reach, to one file.',
    description:
      'The file is a CARv1 stream that "dml bundle unbundle" reads in any repository; nothing else is needed.',
    arguments: {
      '<file>': 'file to write; - for standard output',
      '[refs...]': 'branches and tags; all by default',
    },
    options: { '--force': 'replace a file that exists' },
    takesReference: true,
    example: 'dml bundle create project.car main',
    load: () => import('../../commands/bundle-create.ts'),
  },
  {
    name: 'bundle verify',
    group: 'Share',
    summary: 'Check a bundle and print what it holds and what it lacks.',
    description:
      'Every record is checked against its id, and every link for its target. No repository is needed or changed.',
    arguments: { '<file>': 'bundle to read; - for standard input' },
    example: 'dml bundle verify project.car',
    load: () => import('../../commands/bundle-verify.ts'),
  },
  {
    name: 'bundle unbundle',
    group: 'Share',
    summary: 'Take the branches and tags of a bundle into the repository.',
    description:
      'Branches move forward, all or none; one that has diverged is refused. With --as they become tracking refs and ' +
      'your branches stay where they are. A tag that is another one here is kept. Run it again after an interrupt.',
    arguments: { '<file>': 'bundle to read; - for standard input' },
    options: {
      '--as <remote>': 'take the branches as <remote>/<branch>',
      '--accept-excisions': 'excise here for good what was excised where the bundle comes from',
    },
    example: 'dml bundle unbundle project.car',
    load: () => import('../../commands/bundle-unbundle.ts'),
  },
];
