import type { CommandSpec } from '../command.ts';
import { COMMIT_NAME } from './argument-texts.ts';

/** Commands that compare runs. */
export const COMPARE_RUNS: readonly CommandSpec[] = [
  {
    name: 'table',
    group: 'Compare runs',
    summary: 'List the runs of a dag with their parameters and metrics, newest first.',
    description:
      'A run is a commit that changed the dag, on any side of a merge. Without --columns the parameters that differ and all metrics are shown. ' +
      'Columns are names of nodes of the dag or paths into their values, such as root.score.',
    arguments: {
      '[dag]': 'a dag of the current branch, or <commit>:<dag>; the only dag of the branch by default',
    },
    options: {
      '-n, --count <number>': 'runs to list at most, of those that the filter leaves',
      '--columns <names>': 'columns to show, separated by commas: params.lambda,metrics.rmse',
      '--filter <condition>':
        'list only runs such as metrics.rmse<0.5 or params.model=ridge; may be given repeatedly',
      '--sort <column>': 'smallest first',
      '--reverse': 'turn the order round: oldest first, or largest first',
      '--csv': 'print comma-separated values',
    },
    repeatable: ['--filter <condition>'],
    takesReference: true,
    example: 'dml table my-pipeline -n 5',
    load: () => import('../../commands/table.ts'),
  },
  {
    name: 'compare',
    group: 'Compare runs',
    summary: 'Print what differs between runs: parameters, metrics, values and code.',
    description:
      'Each commit, or dag of one, is compared with the first; a single one with the current commit. Without a dag all ' +
      'that the commits have in common are compared.',
    arguments: {
      '<first>': `${COMMIT_NAME}, or <commit>:<dag>`,
      '[others...]': 'what to compare with it; the current commit by default',
    },
    options: {
      '--dag <name>': 'compare only this dag',
      '--full': 'show every change of code whole',
    },
    takesReference: true,
    example: 'dml compare main~1 main',
    load: () => import('../../commands/compare.ts'),
  },
  {
    name: 'plot',
    group: 'Compare runs',
    summary: 'Print a plot of a metric over the runs of a dag, as SVG.',
    description:
      'The first run is on the left. With --x the runs are points over the values of a parameter or another column.',
    arguments: {
      '<dag>': 'a dag of the current branch, or <commit>:<dag>',
      '<metric>': 'a metric, or any column of "dml table"',
    },
    options: {
      '--x <column>': 'column of "dml table" for the horizontal axis: params.lambda',
      '--filter <condition>': 'show only runs such as metrics.rmse<0.5; may be given repeatedly',
      '-n, --count <number>': 'newest runs to show at most, of those that the filter leaves',
    },
    repeatable: ['--filter <condition>'],
    takesReference: true,
    example: 'dml plot my-pipeline rmse > rmse.svg',
    load: () => import('../../commands/plot.ts'),
  },
];
