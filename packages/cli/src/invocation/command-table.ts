import type { CommandSpec } from './command.ts';

const OBJECT_NAME =
  'branch, tag, ref, dag, <commit>:<dag>, <dag>#<node name>, <name>.<key>, id or beginning of an id, SHA-256 of a file';
/** Calls are also named as they are printed. */
const CALL_NAME = `${OBJECT_NAME}; a call also by its function or text: fit, "fit(rows, 3)"`;
const COMMIT_NAME = 'branch, tag, ref, <commit>~<n>, id or beginning of an id';

const PLACE = 'folder or bucket: a path, file:///path or s3://bucket/folder?region=…&endpoint=…&profile=…';
const BLOB_LIMIT = 'leave out the content of blobs above a size such as 1MiB, which is then read on demand';
const REMOTE = 'a remote of this repository; origin, or the only one, by default';

/** Every command of `dml`, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
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
    load: () => import('../commands/init.ts'),
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
    load: () => import('../commands/run.ts'),
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
    load: () => import('../commands/worker.ts'),
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
    load: () => import('../commands/retry.ts'),
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
    load: () => import('../commands/params.ts'),
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
    load: () => import('../commands/op-run.ts'),
  },
  {
    name: 'op status',
    group: 'Start and run',
    summary: 'Print how a run of ops stands, or every run that has not ended.',
    arguments: { '[run]': 'name of the pipeline, or the id of a run that has not ended, or its beginning' },
    example: 'dml op status',
    load: () => import('../commands/op-status.ts'),
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
    load: () => import('../commands/op-resume.ts'),
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
    load: () => import('../commands/op-cancel.ts'),
  },
  {
    name: 'status',
    group: 'Inspect',
    summary: 'Print the branch, its commit and dags, and work in progress.',
    example: 'dml status',
    load: () => import('../commands/status.ts'),
  },
  {
    name: 'log',
    group: 'Inspect',
    summary: 'List commits, newest first.',
    arguments: {
      '[head]': `where to start, the current branch by default: ${COMMIT_NAME}`,
    },
    options: { '-n, --count <number>': 'commits to list at most, all by default' },
    takesReference: true,
    example: 'dml log -n 5',
    load: () => import('../commands/log.ts'),
  },
  {
    name: 'show',
    group: 'Inspect',
    summary: 'Print what an object is and what it holds.',
    description:
      'Calls and values are cut, where they are alike: on a terminal to its width, elsewhere to 200 columns. With ' +
      '--full they are whole; --json holds the value of every literal.',
    arguments: { '<object>': CALL_NAME },
    options: { '--full': 'cut nothing' },
    takesReference: true,
    example: 'dml show my-pipeline',
    load: () => import('../commands/show.ts'),
  },
  {
    name: 'cat',
    group: 'Inspect',
    summary: 'Print a value.',
    description:
      'A blob or bytes are printed as they are, any other value in its JSON form. To a terminal only text is printed, ' +
      'with escapes for what would steer it.',
    arguments: { '<object>': `${CALL_NAME}; of a dag, its root's value` },
    takesReference: true,
    example: 'dml cat my-pipeline',
    load: () => import('../commands/cat.ts'),
  },
  {
    name: 'export',
    group: 'Inspect',
    summary: 'Write a value to a file or folder.',
    description:
      'A blob becomes a file. A map becomes a folder: blobs as files, maps as folders, other values as <key>.json; ' +
      'for a path that ends with .json, and any other value, it is one file in JSON form. ' +
      'A map inside a map becomes a folder whatever its key is. ' +
      'What cannot stand in a file name is percent-encoded; --json tells which key became which file.',
    arguments: {
      '<name>': `${OBJECT_NAME}; of a dag, its root's value`,
      '<path>': 'file or folder to write',
    },
    options: {
      '--force': 'delete what is at the path, with all that it holds, first',
    },
    takesReference: true,
    example: 'dml export my-pipeline out',
    load: () => import('../commands/export.ts'),
  },
  {
    name: 'ref',
    group: 'Inspect',
    summary: 'Print the commit that a ref points to.',
    arguments: {
      '[name]': 'a branch, or a full name like refs/heads/main; without it every ref is listed',
    },
    example: 'dml ref main',
    load: () => import('../commands/ref.ts'),
  },
  {
    name: 'why',
    group: 'Explain calls',
    summary: 'Print why a call ran, or why it did not.',
    description:
      'Compares the call with the one whose place it took in the dag: the first difference of function, number of ' +
      'inputs and inputs is followed to the literal, file or function that it comes from, with a diff of the sources. ' +
      'Of a dag every call is explained that got its outcome with the commit which made it. Everything is read from ' +
      'the repository; "dml run --dry-run" says what a run would do.',
    arguments: {
      '<call>': `a call by its name, id, function or text: <dag>#<node name>, fit, <dag>#fit, "fit(rows, 3)"; a dag for all of its calls`,
    },
    options: { '--all': 'explain every call of a dag, not only the first 20' },
    takesReference: true,
    example: 'dml why my-pipeline',
    load: () => import('../commands/why.ts'),
  },
  {
    name: 'who',
    group: 'Explain calls',
    summary: 'List the calls that made or used a value or file, newest first.',
    description:
      'Goes through every branch, tracking ref and work in progress. A value inside of another one counts, so a file ' +
      'is found in the folders that were captured with it; a source file is found by the functions made of it.',
    arguments: {
      '<value>': `${CALL_NAME}; or the path of a file, which ./ before it makes certain`,
    },
    options: { '-n, --count <number>': 'calls to list at most, 20 by default' },
    takesReference: true,
    example: 'dml who my-pipeline',
    load: () => import('../commands/who.ts'),
  },
  {
    name: 'logs',
    group: 'Explain calls',
    summary: 'Print what a call printed when it ran.',
    description:
      'Standard output and error in the order in which they were printed, of each call of a dag in turn. Of more ' +
      'than 1 MiB the beginning and the end are kept. What an attempt printed that was lost, such as one that ran ' +
      'out of time, is shown while it runs and not kept.',
    arguments: { '<call>': `a call, an outcome of one or a dag: ${CALL_NAME}` },
    options: { '--stream <name>': 'only stdout or only stderr' },
    takesReference: true,
    example: 'dml logs sales',
    load: () => import('../commands/logs.ts'),
  },
  {
    name: 'stats',
    group: 'Explain calls',
    summary: 'Print what calls took and what was known of them before.',
    description:
      'Counts the runs that the history of the current branch has recorded; a run that changed nothing leaves no ' +
      'commit. The time that was saved is that of the calls that had run before. Bytes are those of the dags of the ' +
      'newest commit with the outcomes of their calls.',
    arguments: { '[dag]': 'the only dag that counts; all by default' },
    takesReference: true,
    example: 'dml stats',
    load: () => import('../commands/stats.ts'),
  },
  {
    name: 'code',
    group: 'Explain calls',
    summary: 'Print which packages and files the code of a function comes from.',
    description:
      'A change runs the calls of the function again when it changes this code. Constants and enums that the code ' +
      'takes from other files are part of it without being listed. The SHA-256 is that of the code as it is ' +
      'recorded: "dml show" takes it.',
    arguments: {
      '<file>': 'file that exports the function',
      '<function>': 'name under which it is exported',
    },
    example: 'dml code steps.ts fit',
    load: () => import('../commands/code.ts'),
  },
  {
    name: 'debug',
    group: 'Explain calls',
    summary: 'Lay out a call in a folder, to run it there alone.',
    description:
      'Inputs as JSON and files, the code as it is recorded, the sources where they are recorded, and run.mjs, which ' +
      'makes the call with plain Node, also under a debugger: node --inspect-brk run.mjs. For a step that is a ' +
      'script: its files and inputs, and run.sh. Values of environment variables are not recorded and not written.',
    arguments: {
      '<call>': `a call or an outcome of one: ${CALL_NAME}`,
      '[folder]': 'folder to create; debug-<id> by default',
    },
    options: {
      '--run': 'run it there',
      '--env <names>': 'environment variables that it sees then, separated by commas; none by default',
    },
    takesReference: true,
    example: 'dml debug sales#days --run',
    load: () => import('../commands/debug.ts'),
  },
  {
    name: 'replay',
    group: 'Explain calls',
    summary: 'Make recorded calls again and compare what comes of them.',
    description:
      'Each call is made from its recorded function and inputs, with those that functions have made; the exit code ' +
      'is 0 when all agree and 7 when one differs. Nothing that is recorded changes: what comes of it is recorded ' +
      'besides, and "dml show" and "dml run" mark a call that differed as not deterministic.',
    arguments: { '<dag>': `a dag, or one call or outcome of one: ${CALL_NAME}` },
    options: {
      '--sample <share>': 'only so many of the calls, at random: 0.1 or 10%',
      '--workers <number>': 'calls that run at one time, as many as the processors by default',
      '--env <names>': 'environment variables that functions see, separated by commas; none by default',
    },
    takesReference: true,
    example: 'dml replay sales',
    load: () => import('../commands/replay.ts'),
  },
  {
    name: 'table',
    group: 'Compare runs',
    summary: 'List the runs of a dag with their parameters and metrics, newest first.',
    description:
      'A run is a commit that changed the dag. Without --columns the parameters that differ and all metrics are shown. ' +
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
    load: () => import('../commands/table.ts'),
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
    load: () => import('../commands/compare.ts'),
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
    load: () => import('../commands/plot.ts'),
  },
  {
    name: 'branch',
    group: 'Change refs',
    summary: 'List, create or delete branches.',
    description:
      'A branch is deleted when another one contains its commits. What is printed says how to bring it back.',
    arguments: {
      '[name]': 'name of the branch; without it the branches are listed',
      '[commit]': `where it starts, the current commit by default: ${COMMIT_NAME}`,
    },
    options: {
      '-d, --delete': 'delete the branch',
      '--force': 'delete it also with commits that no other branch contains',
    },
    takesReference: true,
    example: 'dml branch experiment',
    load: () => import('../commands/branch.ts'),
  },
  {
    name: 'tag',
    group: 'Change refs',
    summary: 'List, create or delete tags: names of commits that do not move.',
    description:
      'A tag stands wherever a commit is named, and keeps its commit from "dml gc". To give it another commit, delete ' +
      'it first.',
    arguments: {
      '[name]': 'name of the tag; without it the tags are listed',
      '[commit]': `what it names, the current commit by default: ${COMMIT_NAME}`,
    },
    options: { '-d, --delete': 'delete the tag' },
    takesReference: true,
    example: 'dml tag baseline',
    load: () => import('../commands/tag.ts'),
  },
  {
    name: 'switch',
    group: 'Change refs',
    summary: 'Make a branch the current one.',
    arguments: { '<head>': 'a branch that exists' },
    example: 'dml switch experiment',
    load: () => import('../commands/switch.ts'),
  },
  {
    name: 'merge',
    group: 'Change refs',
    summary: 'Merge a commit into a branch.',
    description:
      'A branch without commits of its own moves forward; else a commit with both as parents takes what either side ' +
      'changed. No call runs. What both sides changed differently is listed and nothing is changed, until an option ' +
      'says which side to take. Outcomes of a call with the same value are no conflict.',
    arguments: {
      '<target>': `the branch to merge into; alone, what to merge into the current branch: ${COMMIT_NAME}`,
      '[source]': `what to merge into the target: ${COMMIT_NAME}`,
    },
    options: {
      '--ff-only': 'move the branch forward, or refuse',
      '--ours': 'take what the target has wherever both sides changed something',
      '--theirs': 'take what the source has there',
      '--take <dag=side>':
        'take a dag and the outcomes of its calls from one side: sales=ours or sales=theirs; may be given for each',
      '-m, --message <text>': 'message of the commit, where there is one',
    },
    conflicts: { '--ours': ['theirs'], '--ff-only': ['ours', 'theirs', 'take', 'message'] },
    repeatable: ['--take <dag=side>'],
    takesReference: true,
    example: 'dml merge main experiment',
    load: () => import('../commands/merge.ts'),
  },
  {
    name: 'dag list',
    group: 'Change refs',
    summary: 'List the dags of the current branch.',
    example: 'dml dag list',
    load: () => import('../commands/dag-list.ts'),
  },
  {
    name: 'dag delete',
    group: 'Change refs',
    summary: 'Commit the current branch without one of its dags.',
    description: 'The commits before still have the dag. What is printed says how to bring it back.',
    arguments: { '<name>': 'a dag of the current branch' },
    example: 'dml dag delete my-pipeline',
    load: () => import('../commands/dag-delete.ts'),
  },
  {
    name: 'dag restore',
    group: 'Change refs',
    summary: 'Commit a dag of another commit to the current branch.',
    description: 'It takes the place of a dag that has its name. No call runs.',
    arguments: { '<dag>': '<commit>:<dag>' },
    takesReference: true,
    example: 'dml dag restore main~1:my-pipeline',
    load: () => import('../commands/dag-restore.ts'),
  },
  {
    name: 'forget',
    group: 'Change refs',
    summary: 'Make the history of a branch shorter, so that "dml gc" deletes the rest.',
    description:
      'The newest commits stay with their dags, values and outcomes, and get other ids, since an id covers the ' +
      'history. What only the earlier ones computed is computed again when it is asked for after "dml gc". Tags, ' +
      'other branches and work in progress stay where they are and keep what they reach. Until "dml gc" runs, ' +
      '--undo brings the history back.',
    arguments: { '[branch]': 'the branch; the current one by default' },
    options: {
      '--keep <number>': 'keep that many commits',
      '--keep-younger <age>': 'keep the commits of the last hours, days or weeks: 12h, 30d, 8w',
      '--dry-run': 'print what would be forgotten and freed, and change nothing',
      '--undo': 'go back to the history before',
    },
    conflicts: { '--keep <number>': ['keepYounger', 'undo'], '--undo': ['keepYounger', 'dryRun'] },
    example: 'dml forget --keep 10 --dry-run',
    load: () => import('../commands/forget.ts'),
  },
  {
    name: 'wip list',
    group: 'Change refs',
    summary: 'List work in progress.',
    example: 'dml wip list',
    load: () => import('../commands/wip-list.ts'),
  },
  {
    name: 'wip prune',
    group: 'Change refs',
    summary: 'Forget work in progress.',
    description:
      'The next "dml gc" deletes what only that work had computed. A run that goes on at the same time loses nothing.',
    arguments: { '[name]': 'the name that "dml wip list" shows, or a unique prefix' },
    options: { '--all': 'forget all of it' },
    example: 'dml wip prune 3f2a',
    load: () => import('../commands/wip-prune.ts'),
  },
  {
    name: 'clone',
    group: 'Share',
    summary: 'Create a repository from a remote.',
    description:
      'The remote is called origin in it, and the branch main of the remote, or its only one, is the current branch.',
    arguments: {
      '<place>': PLACE,
      '[folder]': 'folder to create it in; named like the place by default',
    },
    options: {
      '--branch <name>': 'branch to begin on',
      '--depth <number>': 'bring only so many of the newest commits of each branch and tag',
      '--blob-limit <size>': BLOB_LIMIT,
      '--filter <filter>': 'the same as git writes it: blob:limit=1m, or blob:none',
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    conflicts: { '--filter <filter>': ['blobLimit'] },
    example: 'dml clone s3://team-data/forecasts',
    load: () => import('../commands/clone.ts'),
  },
  {
    name: 'remote add',
    group: 'Share',
    summary: 'Add a remote: a folder or a bucket.',
    description:
      'A remote dml+remote://<name>/… is reached through the executable dml-remote-<name> of PATH. Credentials and regions are those of the tools of AWS: profiles, environment, roles. Nothing is written to the ' +
      'place before the first push.',
    arguments: {
      '<name>': 'name of the remote here; "origin" is the one that other commands take by default',
      '<place>': PLACE,
    },
    example: 'dml remote add origin /mnt/team/forecasts',
    load: () => import('../commands/remote-add.ts'),
  },
  {
    name: 'remote list',
    group: 'Share',
    summary: 'List the remotes of this repository.',
    example: 'dml remote list',
    load: () => import('../commands/remote-list.ts'),
  },
  {
    name: 'remote trust',
    group: 'Share',
    summary: 'Say whose outcomes in the cache of a remote are trusted, or show it.',
    description:
      'Outcomes that are not trusted are as good as not there. Without a choice all are trusted: whoever can write to ' +
      'the remote can then decide results.',
    arguments: {
      '<name>': 'name of the remote',
      '[keys]': 'did:keys of those whose signatures are trusted, separated by commas',
    },
    options: {
      '--unsigned': 'also trust outcomes that none of these keys has signed',
      '--all': 'trust all, as at first',
    },
    conflicts: { '--all': ['unsigned'] },
    example: 'dml remote trust origin did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    load: () => import('../commands/remote-trust.ts'),
  },
  {
    name: 'remote remove',
    group: 'Share',
    summary: 'Forget a remote and its tracking refs; what lies there stays.',
    arguments: { '<name>': 'a remote of this repository' },
    example: 'dml remote remove origin',
    load: () => import('../commands/remote-remove.ts'),
  },
  {
    name: 'remote check',
    group: 'Share',
    summary: 'Find out whether a remote keeps what pushes rely on.',
    description:
      'Lets many writers race for one file, counts what they write, and reads and lists it at once; what it writes is ' +
      'removed. The executable of a remote dml+remote://<name>/… is held to its protocol first. Ends with 13 for a remote ' +
      'on which the work of others could be overwritten.',
    arguments: { '[remote]': `${REMOTE}; or the place itself, such as dml+remote://<name>/…` },
    options: { '--limit <seconds>': 'longest time for all of it; 180 by default' },
    example: 'dml remote check',
    load: () => import('../commands/remote-check.ts'),
  },
  {
    name: 'remote log',
    group: 'Share',
    summary: 'List what happened on a remote, the newest first.',
    arguments: { '[remote]': REMOTE },
    options: { '-n, --count <number>': 'how many changes; 20 by default' },
    example: 'dml remote log',
    load: () => import('../commands/remote-log.ts'),
  },
  {
    name: 'claim list',
    group: 'Share',
    summary: 'List who computes what on a remote.',
    description:
      'A claim that is not renewed within its lease is taken over by whoever wants the same call next; nothing has to be cleaned up.',
    arguments: { '[remote]': REMOTE },
    options: { '--all': 'claims that are released or finished as well' },
    example: 'dml claim list',
    load: () => import('../commands/claim-list.ts'),
  },
  {
    name: 'remote gc',
    group: 'Share',
    summary: 'Delete what no branch or tag of a remote reaches.',
    description:
      'Safe beside pushes and fetches of others, however long they take. What is excised here is taken out there as well.',
    arguments: { '[remote]': REMOTE },
    options: {
      '--dry-run': 'list what would be deleted and why; nothing is written',
      '--keep-states <number>': 'states of the journal of the remote to keep; 1000 by default',
      '--drop-cache':
        'delete all outcomes of the shared cache as well; calls of branches and tags stay known, others run again',
    },
    example: 'dml remote gc --dry-run',
    load: () => import('../commands/remote-gc.ts'),
  },
  {
    name: 'fetch',
    group: 'Share',
    summary: 'Bring what a remote has, and move the tracking refs.',
    description:
      'The branches of a remote are <remote>/<branch> here, such as origin/main; "dml pull" also merges one.',
    arguments: { '[remote]': REMOTE },
    options: {
      '--prune': 'remove tracking refs of branches that the remote does not have any more',
      '--depth <number>':
        'bring the newest commits of each branch and tag, so many, also those that were left out',
      '--unshallow': 'bring all commits that were left out',
      '--missing': 'bring everything that was left out, and leave out nothing from now on',
      '--blob-limit <size>': `${BLOB_LIMIT}; that of the clone by default`,
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    conflicts: {
      '--missing': ['depth', 'unshallow', 'blobLimit'],
      '--unshallow': ['depth'],
    },
    example: 'dml fetch',
    load: () => import('../commands/fetch.ts'),
  },
  {
    name: 'pull',
    group: 'Share',
    summary: 'Fetch, and merge a branch of the remote into the current branch.',
    description:
      'Moves the branch forward where it has no commits of its own, and merges otherwise as "dml merge" does.',
    arguments: {
      '[remote]': REMOTE,
      '[branch]': 'branch of the remote; that of the same name as the current one by default',
    },
    options: {
      '--ff-only': 'move the branch forward, or refuse',
      '--ours': 'take what is here wherever both sides changed something',
      '--theirs': 'take what the remote has there',
      '--take <dag=side>':
        'take a dag and the outcomes of its calls from one side: sales=ours or sales=theirs; may be given for each',
      '-m, --message <text>': 'message of the commit, where there is one',
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    conflicts: { '--ours': ['theirs'], '--ff-only': ['ours', 'theirs', 'take', 'message'] },
    repeatable: ['--take <dag=side>'],
    example: 'dml pull',
    load: () => import('../commands/pull.ts'),
  },
  {
    name: 'push',
    group: 'Share',
    summary: 'Send branches and tags to a remote, with all that they reach.',
    description:
      'All of them move together or not at all, and only forward: where the remote has commits that are not here, pull first.',
    arguments: {
      '[remote]': REMOTE,
      '[branch...]': 'branches; the current one by default. <here>:<there> sends one under another name',
    },
    options: {
      '--all': 'every branch',
      '--tags': 'every tag',
      '-d, --delete': 'delete the branches on the remote',
      '--force-with-lease [commit]':
        'move a branch there also to a commit that is no descendant, if it is where it was last seen, or at the commit',
      '--dry-run': 'print objects, requests, bytes and price; nothing is written',
      '--tariff <prices>':
        'dollars for 1,000 writes, 1,000 reads and a GiB a month: put=0.005,get=0.0004,gib=0.023 by default',
    },
    example: 'dml push origin main',
    load: () => import('../commands/push.ts'),
  },
  {
    name: 'publish',
    group: 'Share',
    summary: 'Make a commit visible to other teams, read-only, signed by the key of your domain.',
    description:
      'Publications lie on a remote of their own, since whoever may read a bucket may read all of it: branches are never ' +
      'put there. What was published once stays there. Values short enough to be guessed cannot be withheld.',
    arguments: { '[commit]': `what to publish, the current commit by default: ${COMMIT_NAME}` },
    options: {
      '--as <name>': 'name of the publication; that of the branch or tag by default',
      '--remote <name>': REMOTE,
      '--sign <file>': 'PEM file with the Ed25519 key that names your domain',
      '--withhold <what>':
        'leave out blobs:<size> (above it), dags:<pattern> or value:<name>; may be given several times',
      '--reference <name>': 'publish a reference of yours along with it; may be given several times',
      '--dry-run': 'print what would be put and withheld; nothing is written',
      '--end <name>': 'say that nothing follows a publication any more',
      '--list': 'list what is published on the remote',
    },
    conflicts: {
      '--end': ['list', 'as', 'withhold', 'reference', 'dryRun'],
      '--list': ['as', 'sign', 'withhold'],
    },
    repeatable: ['--withhold <what>', '--reference <name>'],
    takesReference: true,
    example: 'dml publish main --as model --remote public --sign domain.pem --withhold blobs:100MB',
    load: () => import('../commands/publish.ts'),
  },
  {
    name: 'reference add',
    group: 'Share',
    summary: 'Take what another team has published, under a name of yours.',
    description:
      'A reference is a read-only name of a commit: it stands wherever a commit is named, is kept when its remote is ' +
      'gone, and only its domain moves it. The key of the domain is remembered and has to stay the same.',
    arguments: {
      '<name>': 'name of the reference here',
      '<remote>': `a remote of this repository, or a place: ${PLACE}`,
      '<published>': 'name of the publication there',
    },
    options: {
      '--domain <did:key>':
        'key of the domain, as its owner told you; the one that is found at first by default',
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    example: 'dml reference add weather s3://weather-team/public model',
    load: () => import('../commands/reference-add.ts'),
  },
  {
    name: 'reference list',
    group: 'Share',
    summary: 'List references, with domain and commit.',
    example: 'dml reference list',
    load: () => import('../commands/reference-list.ts'),
  },
  {
    name: 'reference update',
    group: 'Share',
    summary: 'Take what the domains of references have published since.',
    arguments: { '[name]': 'a reference; all by default' },
    options: {
      '--accept-excisions': 'take over which objects are excised there; they are then excised here for good',
    },
    example: 'dml reference update weather',
    load: () => import('../commands/reference-update.ts'),
  },
  {
    name: 'reference end',
    group: 'Share',
    summary: 'End a reference; what it led to is kept.',
    arguments: { '<name>': 'a reference' },
    example: 'dml reference end weather',
    load: () => import('../commands/reference-end.ts'),
  },
  {
    name: 'snapshot',
    group: 'Share',
    summary: 'Keep all branches and references as they are, under one id.',
    description:
      'The id depends on nothing but the branches and references with their commits, so equal parts have one id ' +
      'everywhere. What a snapshot reaches is kept from "dml gc" until it is removed.',
    options: { '--list': 'list the snapshots that are kept', '--remove <id>': 'keep a snapshot no longer' },
    conflicts: { '--list': ['remove'] },
    example: 'dml snapshot',
    load: () => import('../commands/snapshot.ts'),
  },
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
    load: () => import('../commands/bundle-create.ts'),
  },
  {
    name: 'bundle verify',
    group: 'Share',
    summary: 'Check a bundle and print what it holds and what it lacks.',
    description:
      'Every record is checked against its id, and every link for its target. No repository is needed or changed.',
    arguments: { '<file>': 'bundle to read; - for standard input' },
    example: 'dml bundle verify project.car',
    load: () => import('../commands/bundle-verify.ts'),
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
    load: () => import('../commands/bundle-unbundle.ts'),
  },
  {
    name: 'gc',
    group: 'Maintain',
    summary: 'Delete what nothing refers to.',
    description:
      'The store uses the room of what was deleted again; its file shrinks with --compact only: see ' +
      '"dml help space".',
    options: {
      '--dry-run': 'print what would be deleted and delete nothing',
      '--why <object>': 'delete nothing and print why an object is kept, as a path from a root',
      '--compact': 'then rebuild the store into a smaller file, while no other process uses it',
    },
    conflicts: { '--why <object>': ['dryRun'], '--compact': ['dryRun', 'why'] },
    takesReference: true,
    example: 'dml gc --dry-run',
    load: () => import('../commands/gc.ts'),
  },
  {
    name: 'backup',
    group: 'Maintain',
    summary: 'Copy the repository to a folder while it is in use.',
    description:
      'The copy is checked, and is a repository itself: "dml --repo <folder>" works with it. Run it again to add ' +
      'what is new, or to go on after it was interrupted.',
    arguments: {
      '<folder>': 'folder to copy to: a new or empty one, or an earlier backup',
    },
    example: 'dml backup /backups/project',
    load: () => import('../commands/backup.ts'),
  },
  {
    name: 'verify',
    group: 'Maintain',
    summary: 'Check every object and ref.',
    description: 'What is wrong is counted by its kind, with the first few of each.',
    options: { '--all': 'list every finding, as --json does' },
    example: 'dml verify',
    load: () => import('../commands/verify.ts'),
  },
  {
    name: 'trust',
    group: 'Maintain',
    summary: 'Use a repository of another user.',
    description:
      'A repository that belongs to another user, or that everybody may write to, is refused: whoever wrote there ' +
      'decides what its commands return and run. This puts the folder on the list of those that you use all the same, ' +
      'the file daggerml/trusted in your configuration folder. Without a folder the list is printed.',
    arguments: { '[folder]': 'a folder in the repository' },
    options: { '--remove': 'take the folder off the list' },
    example: 'dml trust /srv/team/project',
    load: () => import('../commands/trust.ts'),
  },
  {
    name: 'adapter list',
    group: 'Maintain',
    summary: 'List the execution adapters that PATH offers.',
    description:
      'An adapter is an executable whose name begins with "dml-", in a folder of PATH that only its owner can write to. ' +
      'It runs the functions whose URIs begin with dml+exec://<name>/. None is started.',
    example: 'dml adapter list',
    load: () => import('../commands/adapter-list.ts'),
  },
  {
    name: 'adapter check',
    group: 'Maintain',
    summary: 'Start an execution adapter and check whether it keeps its contract.',
    arguments: { '<name>': 'name of the executable, dml-<name>' },
    options: {
      '--call <uri>': 'also have it run this function, twice',
      '--inputs <json>': 'the inputs of that call, a list as JSON; none by default',
    },
    example: "dml adapter check dml-stats --call dml+exec://dml-stats/v1/mean --inputs '[[1, 2, 4.5]]'",
    load: () => import('../commands/adapter-check.ts'),
  },
  {
    name: 'schema',
    group: 'Maintain',
    summary: 'Print the schema version of the repository and what wrote it.',
    example: 'dml schema',
    load: () => import('../commands/schema.ts'),
  },
  {
    name: 'version',
    group: 'Maintain',
    summary: 'Print the versions of dml, its formats and its engine.',
    example: 'dml version',
    load: () => import('../commands/version.ts'),
  },
];
