import { RAISE_LIMIT } from '../process/too-many-files.ts';
import type { AnyErrorCode } from './exits.ts';

/** Next steps that several errors share. */
export const DEFECT: string =
  'this is a defect of dml: run it again with DML_DEBUG=1 and report what it prints';
export const UPDATE: string = 'update dml: install the newest @daggerml/cli';
const DAMAGED = 'run "dml verify" to see what else is damaged; a copy of the repository may still have it';
const AGAIN = 'run it again; finished calls are kept';
const USAGE = '"dml [{command} ]--help" shows what it takes';
const FORMS = '"dml help references" shows the forms of a name';
const NEAREST = '[did you mean: {nearest}? ]';
const PARAMETERS = '"dml params <file>" lists them with their defaults';
const TRUST = 'if you trust whoever can write there, run "dml trust {folder}"';
const ONE_CHANGE =
  'what was committed before is kept, this one change is not; look at the disk and the space on it, then run the command again';
const WHEN_ENDED = 'run the command again when that process has ended; nothing was changed';
const COPY_IT = 'run "dml verify"; to keep what there is, copy the folder while nothing uses it';
const OTHER_FOLDER = 'give a folder that holds no repository, or an earlier backup of this one';
const COMPACT_AGAIN =
  'the collection is done; run "dml gc --compact" again when no other command or program uses the repository';

/**
 * Next step of each code, and of those of its details that have a better one, as templates that `fillIn` fills in.
 * A defect of dml needs no line.
 */
export const HINTS: Readonly<Partial<Record<AnyErrorCode | `${AnyErrorCode}/${string}`, string>>> = {
  unknown_command: `${NEAREST}"dml [{command} ]--help" lists all commands`,
  unknown_option: `${NEAREST}"dml [{command} ]--help" lists the options`,
  'unknown_command/meant': '{meant}',
  'unknown_option/meant': '{meant}',
  'invalid_argument/meant': '{meant}',
  unreadable_repository: 'check the permissions of the folder and of the files in it',
  newer_format: UPDATE,
  too_many_files: RAISE_LIMIT,
  missing_argument: USAGE,
  invalid_argument: USAGE,
  'invalid_argument/not_utf8':
    'names and paths are UTF-8 text here: rename the file, or set the terminal to UTF-8',
  missing_folder: 'give the folder of a repository, or one below it',
  'missing_folder/gone':
    'go to a folder that exists, or name each path in full, that of the repository with --repo',
  'missing_folder/not_utf8':
    'rename it, or go to another folder and name each path in full, that of the repository with --repo',
  path_exists: 'choose another path, or give --force to replace it',
  'path_exists/no_file': 'choose the path of a file',
  'path_exists/clone': 'name another folder: dml clone <place> <folder>',
  'path_exists/debug': 'name another folder: dml debug <call> <folder>',
  'path_exists/example':
    'run "dml init --example" in an empty folder, or "dml init" for a pipeline of your own',
  path_changed: 'look at both, then move the one that you want to the path',
  protected_path: 'choose a path of its own',
  holds_repository: 'choose a path of its own; a repository that nobody needs goes with its ".dml"',
  unwritable_path: 'check its permissions and the space on its disk, or choose another path',
  'unwritable_path/file': 'choose the path of a folder',
  unwritable_output: 'what the command did before is kept; "dml status" shows where the branch stands',
  binary_value:
    '"dml export {name} <file>" writes it to a file, "dml cat {name} | cat" prints it all the same',
  'binary_value/bundle': 'name a file, or pass it on: dml bundle create - | …',
  'tag_exists/reference': 'choose another name for the reference',
  'branch_exists/reference': 'choose another name for the reference',
  tag_exists: 'choose another name, or "dml tag --delete {tag}" first',
  branch_exists: 'choose another name, or "dml merge {branch} <source>" to merge into it',
  not_fast_forward: '"dml merge {target} {source}" without --ff-only merges them',
  'not_fast_forward/bundle':
    'nothing was moved; "dml bundle unbundle {source} --as <remote>" keeps its branches apart as <remote>/<branch>, and "dml merge <remote>/{target}" merges one',
  merge_conflict:
    'add --ours to keep what {target} has, --theirs to take the other side, or --take <dag>=ours or --take <dag>=theirs for each',
  head_moved: 'run the command again',
  branch_current: '"dml switch <head>" makes another one current; "dml branch" lists them',
  branch_unmerged:
    '"dml log {branch}" lists them; "dml branch --delete --force {branch}" deletes it all the same',
  'infrastructure_failed/needs_unmet':
    'say what this machine has with an option such as --resources gpu=1,memoryMb=8000; nothing of the call ran, finished calls are kept',
  'infrastructure_failed/left_out':
    '"dml fetch --missing" brings what was left out; "dml remote list" shows where from; finished calls are kept',
  'infrastructure_failed/withheld':
    'nothing is damaged; ask its domain to publish it, or pass an input that does not need it; finished calls are kept',
  infrastructure_failed: `nothing was committed and no failure was recorded: ${AGAIN}`,
  unusable_file: 'give the path of a TypeScript or JavaScript file that exports a pipeline',
  pipeline_stalled: 'look for a promise that nothing settles',
  process_not_started: 'nothing was committed; free memory or processes, then run the command again',
  interrupted: 'run the command again to go on',
  'interrupted/ops': '"dml op status" shows what is done, "dml op resume <run>" goes on from there',
  // @spec DML-CLI-0607
  unknown_name: `${NEAREST}"dml dag list" and "dml branch" list names; ${FORMS}`,
  'unknown_name/ref': `${NEAREST}"dml branch" lists the branches; "dml show" takes other names too`,
  'unknown_name/branch': `${NEAREST}"dml branch" lists the branches`,
  'unknown_name/tag': `${NEAREST}"dml tag" lists the tags`,
  'unknown_name/work': '"dml wip list" lists what there is',
  'unknown_name/dag': `${NEAREST}"dml show {inside}" lists its dags`,
  'unknown_name/node': `${NEAREST}"dml show {inside}" lists its nodes and their names`,
  'unknown_name/member': `${NEAREST}"dml cat {inside}" prints the value`,
  'unknown_name/failure': `${NEAREST}name a function or dag that has a failure, or a call by its id; without a name "dml retry" runs all that failed`,
  'unknown_name/history': '"dml log {inside}" lists its commits',
  no_commit: '"dml run <file>" makes the first one',
  wrong_class: `"dml show {name}" prints what it holds; ${FORMS}`,
  // @spec DML-CLI-1500
  'wrong_class/no_branch': '"dml branch <name> {name}" makes a branch there, "dml switch <name>" goes to it',
  'wrong_class/no_ref': '"dml ref" lists the refs; "dml show {name}" prints the commit',
  'wrong_class/no_tag': '"dml tag" lists the tags',
  'wrong_class/no_work': '"dml wip list" lists what there is',
  nothing_to_undo: 'nothing was changed; "dml log {branch}" prints its history',
  'nothing_to_undo/moved':
    'nothing was changed; "dml branch <name> <commit>" makes a branch at the commit that it had before, until "dml gc" deletes it',
  'nothing_to_undo/collected':
    'nothing was changed; "dml gc" has deleted them since, and a backup may have them',
  'wrong_class/no_call': '"dml show {name}" prints what it is; "dml show <dag>" lists the calls of a dag',
  'wrong_class/no_own_dag': '"dml dag list" lists the dags; "dml show {name}" prints what it names',
  'wrong_class/no_dag_of_commit': 'name it <commit>:<dag>; "dml show <commit>" lists the dags of a commit',
  short_prefix: `give at least 4 digits; "dml dag list" and "dml branch" list names; ${FORMS}`,
  'ambiguous_prefix/calls': 'name one by its id, or by its whole text in quotes',
  ambiguous_prefix: 'give more digits; "dml show" with all digits of one prints what it is',
  no_value: 'name a dag, a node or a datum[, for example: {inside}]',
  'not_executed/no_commit':
    '"dml show {nodeId}" prints what is stored of it; "dml why <dag>" explains the calls of a dag',
  not_executed: 'name its dag through the commit that it belongs to: <commit>:<dag>',
  call_failed: '"dml show {nodeId}" shows more; "dml retry {nodeId}" runs it again',
  adapter_unknown:
    'the adapter is what stands after "dml+exec://"; run this where it is, or write the step as a function or a script',
  not_a_repository: '"dml init" creates one',
  repository_unusable: 'look what is there',
  'repository_unusable/dangling_link':
    'bring back what the link leads to, such as a disk that is not mounted, or remove the link',
  'repository_unusable/not_a_folder': 'move it away, then run "dml init"',
  'repository_unusable/unfinished_backup':
    'run "dml backup {folder}" again in the repository that it is of; it goes on where it stopped',
  unwritable_folder: 'check its permissions, or choose another folder',
  repository_untrusted: TRUST,
  'repository_untrusted/writable_by_all': `take that right away with "chmod o-w"; or ${TRUST}`,
  trust_list_unsafe: 'look what is in it, then make it yours alone: chown, chmod go-w',
  trust_list_unreadable:
    'give yourself the right to read it, or set HOME or XDG_CONFIG_HOME to a folder of yours',
  no_user_folder: 'set the variable HOME or XDG_CONFIG_HOME to an absolute path',
  repository_exists: '"dml status" shows what it holds',
  name_taken: 'give one of them another name',
  reserved_name: 'choose another name',
  invalid_name:
    'a name has 1 to 255 bytes in the normal form NFC, as name.normalize() yields it, no control characters, and is not "." or ".."',
  unknown_parameter: `${NEAREST}${PARAMETERS}`,
  'unknown_parameter/none': 'leave --param and --param-file out, or declare it in the pipeline',
  invalid_parameter: PARAMETERS,
  dag_failed:
    '[see it with "dml show {nodeId}"; ]nothing was committed, finished calls are kept: mend the function or its inputs and run again, or try [the same call again with "dml retry {nodeId}", or ]all that failed with --retry-failed',
  op_invalid: 'nothing was started; mend the pipeline of ops or its targets, then run it again',
  op_run_unfinished:
    '"dml op status {name}" shows it; "dml op resume {name}" goes on with it, "dml op cancel {name}" ends it',
  op_run_active: '"dml op status {name}" shows how it stands; "dml op cancel {name}" asks it to end',
  unknown_op_run:
    '"dml op status" lists the runs that have not ended, "dml op status <pipeline>" shows the last one that has',
  dag_closed: 'add nodes before the pipeline returns',
  reserved_scheme: 'use another scheme',
  unreadable_file: 'paths are resolved from the folder of the pipeline file',
  ambiguous_pipeline: 'name one: dml run <file> <pipeline>',
  no_temporary_folder: 'set TMPDIR to a folder that you can write to',
  pipeline_missing: 'give the path of the file of the pipeline, or of the function',
  'not_a_pipeline/ops': '"dml op run <file>" runs it',
  'not_a_pipeline/calls': '"dml run <file>" runs it',
  pipeline_threw: 'the pipeline itself failed, not a call; nothing was committed[; see {file}]',
  capture_failed: 'a function of a pipeline is an export of a file that can be bundled',
  invalid_script: '"docs/recipes/python-step.md" shows how scripts are declared',
  script_failed: 'mend the script or its inputs and run again; the output above says more',
  output_missing: 'write it where it is declared, from the folder that the script starts in',
  output_invalid: 'declare the output as what the script writes',
  program_missing: 'install it, or name one that is there; nothing was recorded',
  sandbox_missing: 'run without the sandbox, or install bubblewrap; nothing was recorded',
  limit_exceeded: 'raise the limit, or make the call smaller; nothing was recorded',
  load_failed: 'mend what its file does when it is loaded',
  nested_too_deep: 'end the recursion, or replace it by a loop; nothing was recorded',
  stack_overflow: 'replace deep recursion by a loop; nothing was recorded',
  temporary_failure: AGAIN,
  worker_lost: AGAIN,
  unreachable: AGAIN,
  adapter_protocol: '"dml adapter check <name>" shows what the adapter does wrong',
  adapter_refused: 'nothing was recorded; look what the adapter says, then run again',
  snapshot_invalid: 'nothing was recorded; worker and caller may be of different versions of DaggerML',
  wrong_result:
    'nothing was recorded; whoever writes to the remote answers with something else, see "dml remote trust"',
  timeout: 'raise timeoutMs, or make the call smaller',
  cancelled: AGAIN,
  integrate_failed: AGAIN,
  // @spec DML-CLI-3784
  remote_damaged:
    'nothing was changed here; "dml remote verify --content" shows what else is damaged; whoever has the commits mends segments and indexes with "dml remote repair --content", and "dml remote restore" goes back to the last whole state where CURRENT or its state is damaged',
  'remote_damaged/missing':
    'nothing was changed here; "dml remote verify" shows what else is missing; whoever has the commits puts back all but CURRENT and states with "dml remote repair", and "dml remote restore" goes back to the last whole state',
  'remote_damaged/incomplete':
    'nothing was changed here; whoever has the commits puts back what is lacking with "dml remote repair"',
  'remote_damaged/numbers':
    'nothing was changed; put back the file of an earlier state, or push to a new place',
  'remote_damaged/lost':
    'nothing was changed; "dml remote restore --dry-run" shows which state can be put in effect again, "dml remote restore" does it',
  remote_format_newer: UPDATE,
  'remote_foreign/repository':
    'push it to an empty folder or bucket and use that: "dml remote add origin <folder or bucket>" and "dml push" in the repository',
  remote_foreign: 'choose an empty folder or another folder of the bucket',
  remote_missing: 'look whether the place is spelled right; "dml push" begins a remote where nothing is yet',
  'remote_missing/bucket':
    'create it with "aws s3 mb s3://{bucket}", or look whether its name and the server are spelled right',
  'remote_missing/parent':
    'make it with "mkdir -p {parent}", or look whether the place is spelled right and mounted',
  'remote_missing/not_a_folder':
    'look what is there; "dml remote remove" and "dml remote add" give the remote another place',
  'remote_missing/place':
    'look whether it is spelled right; make the folder first, or begin the remote with "dml push"',
  'remote_missing/object':
    'nothing is damaged; another copy of the repository may have it: add it as a remote, and run dml fetch --missing',
  'remote_missing/vanished':
    'nothing was changed; mount or move back what was there, or look whether the place is right; to begin a new remote there, remove this one with "dml remote remove[ {name}]" and add it again with "dml remote add"',
  'remote_missing/state':
    'nothing was changed; without --at the newest whole state is taken, and whoever has the commits can push them to a new place',
  'remote_missing/branch': '"dml remote log" shows what was pushed there',
  remote_unreachable: 'look at the network and the name of the place, then run it again; nothing is lost',
  remote_refused:
    'look which profile and credentials are in use; "aws s3 ls" with the same ones shows the same',
  'remote_refused/permissions': 'check the permissions of the folder and of the files in it',
  'remote_refused/read_only': 'it is mounted for reading only: mount it for writing, or use another place',
  'remote_refused/incomplete':
    'run "dml fetch" first, or "dml fetch --missing" in a clone that left objects out',
  'remote_refused/restore': 'nothing was changed; "dml remote log" lists what happened there',
  'remote_refused/choice': 'nothing was changed; say which one with --at <name>',
  'remote_refused/limit': 'raise the limit, or look who wrote to the remote',
  remote_full: 'free space there, then run it again',
  remote_busy: 'run it again; what was put there is kept',
  remote_unsafe: 'use another bucket or server: on this one work of others could be overwritten',
  remote_name_invalid: 'choose a short name of letters, digits and hyphens, such as origin',
  remotes_unusable: 'mend or remove the file, then add the remotes again with "dml remote add"',
  signer_invalid: 'give the key that "dml run --sign" names where it signs, such as did:key:z6Mk…',
  signing_key_invalid: 'make one with "openssl genpkey -algorithm ed25519 -out key.pem"',
  'remote_purpose/publications':
    '"dml reference add <name> {place} <published>" takes one of them into a repository',
  remote_purpose: 'add a remote of its own for publications with "dml remote add"',
  'publication_unknown/internal':
    'publications lie on a remote of their own; "dml clone" and "dml fetch" take branches',
  publication_unknown: 'ask its owner for the name; "dml publish --list <remote>" shows what is published',
  publication_foreign: 'publish under another name with "--as", or sign with the key of that domain',
  publication_untrusted:
    'ask its owner over another way; where they have a new key, "dml reference end" and "dml reference add --domain <did:key>"',
  publication_releases:
    '[add {rules} to withhold it again, or ]--release to give it away, which cannot be taken back',
  reference_exists:
    '"dml reference update {name}" takes what is new; "dml reference end {name}" frees the name',
  'reference_exists/moved': 'look at "dml reference list" and run it again',
  reference_unknown: '"dml reference add" makes one, "dml reference list" shows them',
  remote_exists: 'choose another name, or "dml remote remove {name}" first',
  remote_unknown: '"dml remote add {name} <folder or bucket>" adds it',
  'remote_unknown/place':
    '"dml remote add <name> {name}" makes the place a remote, and commands take that <name>',
  'remote_unknown/known': 'give the name: "{known}"',
  'remote_unknown/bundle':
    '"dml bundle unbundle {name}" takes what is in a bundle, "dml bundle create" writes one',
  'remote_unknown/branch': 'name the remote first: "dml {verb} {remote} {name}"',
  'remote_unknown/fetched_branch': '"dml fetch {remote}" brings all branches of a remote',
  'remote_unknown/pipeline': 'name the remote first: "dml run --remote {remote} {name}"',
  push_not_fast_forward: 'run "dml pull" to merge them, then push again',
  'push_not_fast_forward/tags':
    'tags do not move: push it under another name, or delete it there first with "dml push --delete <remote> {ref}"',
  push_stale: 'run "dml fetch" and look what is new there before you force it',
  'push_stale/back':
    'an older copy may have taken its place: ask whoever keeps it; "dml fetch" shows what is not there any more, and then "dml push" sends it again',
  push_unknown: 'run "dml push" again: if it took effect, there is nothing left to do',
  store_missing: '"dml init" creates a repository',
  store_gone: 'nothing of this step was kept; run the command again where the repository is now',
  // @spec DML-CLI-0553
  store_damaged: DAMAGED,
  'store_damaged/data_file_missing':
    'put the folder back from a backup or a copy, or move it away and run "dml init" for an empty repository',
  'store_damaged/not_a_file':
    'move it away; "lock.mdb" and "stamp" are created again, "data.mdb" must be restored from a copy',
  'store_damaged/link':
    'if you did not make it, look who can write to its folder; else put what it leads to in its place',
  'store_damaged/foreign_file': 'remove it, which leaves the file under its other name; dml makes its own',
  store_poisoned: ONE_CHANGE,
  store_write_failed: ONE_CHANGE,
  'store_write_failed/not_durable':
    'check the disk before you go on: a power failure may bring the file before back, without what is written from now on',
  store_network_filesystem: 'keep the repository on a local disk; the store would not be safe there',
  store_unwritable:
    'check the permissions of the folder and the space on its disk; commands that read use its lock table too',
  'store_unwritable/folder_not_empty': 'choose a place of its own for the repository, or move them away',
  store_unreadable:
    'run the command again; if that does not help, look at its permissions, the disk and the limits of the system',
  'store_unreadable/no_locks':
    'run the command again; if that does not help, look at the rights of the file "lock.mdb"',
  store_close_failed: 'nothing is lost, and the next command clears up; look at the disk',
  // @spec DML-CLI-0750
  session_lost: AGAIN,
  store_busy: 'run the command again in a moment',
  'store_busy/readers': 'run the command again when some of them have ended',
  'store_busy/locks': 'run the command again when the other commands on this repository have ended',
  'store_busy/write_lock': WHEN_ENDED,
  'store_busy/process_number': WHEN_ENDED,
  store_full:
    'what was committed before is kept, this one change is not; free space on its disk, then run the command again',
  // @spec DML-CLI-1202
  schema_newer: UPDATE,
  schema_older: 'the version that made the repository can still read it',
  engine_older: UPDATE,
  object_missing: DAMAGED,
  'object_withheld/left_out':
    '"dml fetch --missing" brings what was left out, "dml fetch --unshallow" only commits',
  object_withheld: 'nothing is damaged; ask those who publish it for what you need',
  // @spec DML-CLI-0960
  ref_name_invalid: 'choose another name[, for example "{suggestion}"]',
  ref_fixed: '"dml tag" lists the tags, and deletes and makes them',
  ref_missing: '"dml branch" lists the branches',
  ref_target_missing: DAMAGED,
  object_too_large: 'store large content as a blob',
  gc_refused: 'run "dml verify" to see what is damaged',
  'gc_refused/no_roots': '"dml run <file>" makes the first one',
  'gc_refused/already_running': 'wait until it has ended',
  'gc_refused/claim_lost': 'what was deleted until then was garbage; wait until the other one has ended',
  'gc_refused/newer_format': UPDATE,
  transfer_invalid: 'create the file again',
  'transfer_invalid/newer_format': UPDATE,
  'transfer_invalid/excision_offered':
    'if you trust whoever excised it, run the command again with --accept-excisions',
  compaction_refused: 'run the command again in a moment',
  // @spec DML-CLI-1020
  'compaction_refused/open_elsewhere': COMPACT_AGAIN,
  'compaction_refused/changed': COMPACT_AGAIN,
  backup_refused: 'run "dml verify" first',
  'backup_refused/inside_source': 'give a folder elsewhere, best on another disk',
  'backup_refused/not_a_backup': OTHER_FOLDER,
  'backup_refused/other_repository': OTHER_FOLDER,
  'backup_refused/diverged': 'keep that backup, and give another folder',
  'backup_refused/in_use': 'wait until it has ended',
  'backup_refused/occupied':
    'give a folder that is empty or does not exist yet, or an earlier backup of this repository',
  'backup_refused/source_changed': 'run "dml backup" again; if that does not help, run "dml verify"',
  'backup_refused/target_changed': 'run "dml backup" again when nothing else uses the backup',
  'backup_refused/root_unreadable': COPY_IT,
  'backup_refused/closure_incomplete': COPY_IT,
  'backup_refused/newer_format': UPDATE,
  'backup_refused/object_damaged': COPY_IT,
  excision_refused: '"dml show" prints what the object is',
  'excision_refused/newer_format': UPDATE,
  history_invalid: DAMAGED,
  invalid_header: DAMAGED,
  invalid_bounds: DAMAGED,
  invalid_kind: DAMAGED,
  invalid_payload: DAMAGED,
  // @spec DML-CLI-0827
  'invalid_payload/excised': 'its bytes were taken out on purpose; "dml log" shows which commits are left',
  invalid_utf8: 'texts are Unicode without lone surrogates',
};
