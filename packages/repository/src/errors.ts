import { type ErrorBuilder, errorBuilder } from '@daggerml/object-model';

/**
 * Codes of what a reader looks for in a repository, and of finding and trusting one.
 *
 * @spec DML-REP-0201
 */
export type RepositoryErrorCode =
  | 'not_executed'
  | 'call_failed'
  | 'unknown_name'
  | 'no_commit'
  | 'wrong_class'
  | 'short_prefix'
  | 'ambiguous_prefix'
  | 'no_value'
  | 'nothing_to_undo'
  | 'not_fast_forward'
  | 'merge_conflict'
  | 'adapter_unknown'
  | 'not_a_repository'
  | 'repository_unusable'
  | 'unwritable_folder'
  | 'repository_untrusted'
  | 'trust_list_unsafe'
  | 'trust_list_unreadable'
  | 'no_user_folder';

const MESSAGES: Readonly<
  Record<RepositoryErrorCode, string> & Partial<Record<`${RepositoryErrorCode}/${string}`, string>>
> = {
  not_executed: 'the node {nodeId} has no outcome here',
  'not_executed/no_commit':
    'no commit or work in progress has an outcome of the call {nodeId}, nor does a function that ran there',
  call_failed: 'the call {nodeId} failed with {failureCode}: {message}',
  unknown_name: 'nothing here is named "{name}"',
  'unknown_name/ref': 'there is no ref "{name}"',
  'unknown_name/branch': 'there is no branch "{name}"',
  'unknown_name/tag': 'there is no tag "{name}"',
  'unknown_name/work': 'there is no work in progress named "{name}"',
  'unknown_name/dag': 'nothing here is named "{name}": {inside} has no dag "{word}"[; there are: {names}]',
  'unknown_name/node':
    'nothing here is named "{name}": {inside} names no node "{word}"[; there are: {names}]',
  'unknown_name/member': 'nothing here is named "{name}": the value of {inside} has no member "{word}"',
  'unknown_name/history': 'nothing here is named "{name}": the history of {inside} is not that long',
  no_commit: 'the branch "{branch}" has no commit yet',
  wrong_class: '"{name}" names an object of the class {found}, not a {wanted}',
  short_prefix: '"{name}" names nothing and is too short for an id',
  'wrong_class/no_branch': '"{name}" names a commit, and no branch',
  'wrong_class/no_ref': '"{name}" names a commit, and no ref',
  'wrong_class/no_tag': '"{name}" names a commit, and no tag',
  'wrong_class/no_work': '"{name}" names a commit, and no work in progress',
  'wrong_class/no_own_dag': '"{name}" names a {found}, and no dag of {inside}',
  'wrong_class/no_call': '"{name}" names a {found}, and no call, outcome of a call or dag',
  'wrong_class/no_dag_of_commit': '"{name}" names a {found}, and no dag of a commit',
  ambiguous_prefix: '"{name}" fits several: {candidates}',
  'ambiguous_prefix/calls': '"{name}" fits several calls: {candidates}',
  no_value: '"{name}" ({found}) does not stand for one value',
  nothing_to_undo: 'the branch "{branch}" has forgotten nothing',
  'nothing_to_undo/moved': 'the branch "{branch}" has been moved since it forgot commits',
  'nothing_to_undo/collected': 'the commits that the branch "{branch}" has forgotten are gone',
  not_fast_forward: '"{target}" and "{source}" have diverged, so "{target}" cannot move there',
  'not_fast_forward/bundle': 'the branch "{target}" has commits that "{source}" does not have',
  merge_conflict:
    '"{target}" and "{source}" have both changed {dags} since their histories parted; nothing was moved',
  adapter_unknown: 'no adapter here runs {uri}[; there are: {known}]',
  not_a_repository: 'there is no repository in "{folder}" or above it',
  repository_unusable: '"{path}" is no repository',
  'repository_unusable/dangling_link':
    '"{path}" is a link that leads nowhere, so there is no repository in "{folder}" now',
  'repository_unusable/not_a_folder': '"{path}" is no folder, so there is no repository in "{folder}"',
  'repository_unusable/unfinished_backup': '"{folder}" holds a backup that is not finished',
  unwritable_folder: '"{folder}" cannot be written ({reason})',
  repository_untrusted: '"{path}" may hold what somebody else put there',
  'repository_untrusted/other_owner':
    '"{path}" belongs to another user (number {uid}), who decides what this repository returns and runs',
  'repository_untrusted/writable_by_all': '"{path}" may be written to by everybody on this machine',
  trust_list_unsafe: '"{path}" belongs to another user or may be written to by others, so it does not count',
  trust_list_unreadable: 'the list of trusted repositories, "{path}", cannot be read ({reason})',
  no_user_folder:
    'the user has no configuration folder: neither XDG_CONFIG_HOME nor HOME is an absolute path',
};

/** Creates an error of this package; `fields` are facts for the caller, never payload bytes. */
export const repositoryError: ErrorBuilder<RepositoryErrorCode> = errorBuilder(MESSAGES);
