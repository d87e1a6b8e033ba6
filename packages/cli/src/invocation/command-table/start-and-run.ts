import type { CommandSpec } from '../command.ts';

/** Commands that make a repository and run pipelines. */
export const START_AND_RUN: readonly CommandSpec[] = [
  {
    name: 'init',
    group: 'Start and run',
    summary: 'Create a repository.',
    description:
      'Creates .dml in the folder, with the branch main. A repository that exists is left unchanged.',
    arguments: { '[folder]': 'folder to create it in; the current one by default' },
    options: {
      '--example': 'also write a pipeline to start from: pipeline.ts and steps.ts',
    },
    example: 'dml init --example',
    load: () => import('../../commands/init.ts'),
  },
  {
    name: 'run',
    group: 'Start and run',
    summary: 'Run a pipeline and commit its dag to the current branch.',
    description:
      'Only calls whose code or inputs changed are computed; all others are answered from the repository.',
    arguments: {
      '<file>': 'TypeScript or JavaScript file that exports a pipeline',
      '[pipeline]': 'which one, when the file exports several',
    },
    options: {
      '--dry-run': 'print which calls would run and why; no function runs and nothing is written',
      '--param <name=value>': 'set a parameter of the pipeline; may be given for each',
      '--param-file <file>':
        'JSON file with parameters by name, or a list of such objects: one run and commit for each',
      '-m, --message <text>': 'message of the commit',
      '--no-cache': 'run every call again',
      '--no-file-cache': 'read every file again, also one that looks as it did when it was read last',
      '--fail-fast': 'stop at the first call that fails, and cancel those that run',
      '--keep-going': 'go on with the calls that do not need the failed one; the default',
      '--retry-failed': 're-run calls whose recorded outcome is a failure',
      '--sandbox': 'run scripts where they see nothing but the system and their inputs; needs bwrap',
      '--isolate':
        'run functions in processes instead of threads, so that one that crashes ends its own call alone',
      '--workers <number>':
        'calls that run at one time, as many as the processors by default; raise it for calls that wait',
      '--resources <list>':
        'what calls with needs may take together, such as gpu=2,memoryMb=16000; nothing by default',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
      '--remote <name>':
        'take outcomes that others have published to a remote, and publish those of calls that run',
      '--no-publish': 'only take outcomes from the remote',
      '--on-workers': 'have calls run by the workers of the remote, see "dml worker"; none runs here',
      '--sign <file>': 'sign what is published with the Ed25519 key of a PEM file',
      '--verbose': 'report each call that runs; else the first 20, then counts',
      '--otlp <target>':
        'write OpenTelemetry spans to a file, or send them to the http(s) URL of a collector',
    },
    // @spec DML-CLI-1911
    conflicts: { '--fail-fast': ['keepGoing'] },
    repeatable: ['--param <name=value>'],
    example: 'dml run pipeline.ts',
    load: () => import('../../commands/run.ts'),
  },
  {
    name: 'worker',
    group: 'Start and run',
    summary: 'Run calls for others, as a worker that sees a remote alone.',
    description:
      'Takes jobs that "dml run --remote <name> --on-workers" posts, one worker at a time for each, and posts their ' +
      'results; needs no repository. A job is code: whoever may write to the remote runs programs here, unless --trust ' +
      'or "dml remote trust" names the keys that sign jobs. Ends with Ctrl-C; what is under way goes to others then.',
    arguments: {
      '[place]': 'URI or folder of a remote, or the name of a remote of this repository; origin by default',
    },
    options: {
      '--jobs <number>': 'jobs that run at one time; 1 by default',
      '--offers <list>':
        'what jobs with needs may take together, such as gpu=2,memoryMb=16000; nothing by default',
      '--idle <seconds>': 'end after that time without a job; never by default',
      '--lease <seconds>':
        'time after which others take over the jobs of a worker that is silent; 60 by default',
      '--isolate':
        'run functions in processes instead of threads, so that one that crashes ends its own job alone',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
      '--sign <file>': 'sign results with the Ed25519 key of a PEM file',
      '--trust <keys>': 'run only jobs that one of these did:keys has signed, separated by commas',
    },
    example: 'dml worker /mnt/team/forecasts --jobs 4',
    load: () => import('../../commands/worker.ts'),
  },
  {
    name: 'retry',
    group: 'Start and run',
    summary: 'Run calls again whose recorded outcome is a failure.',
    description:
      'Code and inputs come from the repository, so no pipeline runs; the next "dml run" takes what succeeds. Options ' +
      'that a pipeline gave its calls are not recorded and do not count.',
    arguments: {
      '[what]': 'a function, a dag, or the id of a call; all that failed by default',
    },
    options: {
      '--workers <number>': 'calls that run at one time, as many as the processors by default',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
    },
    example: 'dml retry fit',
    load: () => import('../../commands/retry.ts'),
  },
  {
    name: 'params',
    group: 'Start and run',
    summary: 'List the parameters of a pipeline with their defaults.',
    arguments: {
      '<file>': 'TypeScript or JavaScript file that exports a pipeline',
      '[pipeline]': 'which one, when the file exports several',
    },
    example: 'dml params pipeline.ts',
    load: () => import('../../commands/params.ts'),
  },
  {
    name: 'op run',
    group: 'Start and run',
    summary: 'Apply ops to targets and commit how that ended.',
    description:
      'An op is a step with an effect outside of the repository. Each target goes through the ops in order until one ' +
      'fails; a failed target stops no other. The exit code is 0 where every target passed every op, 7 otherwise.',
    arguments: {
      '<file>': 'TypeScript or JavaScript file that exports a pipeline of ops',
      '[pipeline]': 'which one, when the file exports several',
    },
    options: {
      '--targets <file>': 'JSON file with a list of targets, in place of those of the pipeline',
      '--parallel <number>':
        'targets that are worked on at one time; 8, or what the pipeline says, by default',
      '--dry-run': 'run the validations alone; keep nothing',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
    },
    example: 'dml op run rollout.ts',
    load: () => import('../../commands/op-run.ts'),
  },
  {
    name: 'op status',
    group: 'Start and run',
    summary: 'Print how a run of ops stands, or every run that has not ended.',
    arguments: { '[run]': 'name of the pipeline, or the id of a run that has not ended, or its beginning' },
    example: 'dml op status',
    load: () => import('../../commands/op-status.ts'),
  },
  {
    name: 'op resume',
    group: 'Start and run',
    summary: 'Go on with a run of ops that was interrupted.',
    description:
      'It runs the code that the run began with. What succeeded is not done again; of an execution that was ' +
      'interrupted, the post-check decides whether it happened.',
    arguments: { '<run>': 'name of the pipeline, or the id of the run, or its beginning' },
    options: {
      '--parallel <number>': 'targets that are worked on at one time; 8 by default',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
    },
    example: 'dml op resume rollout',
    load: () => import('../../commands/op-resume.ts'),
  },
  {
    name: 'op cancel',
    group: 'Start and run',
    summary: 'Cancel a run of ops.',
    description:
      'Phases that run come to their end, no other begins, and the run is committed as CANCELLED. It works from any ' +
      'process, and on a run whose process is gone.',
    arguments: { '<run>': 'name of the pipeline, or the id of the run, or its beginning' },
    example: 'dml op cancel rollout',
    load: () => import('../../commands/op-cancel.ts'),
  },
];
