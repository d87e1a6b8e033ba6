import { type DmlError, type DmlErrorFields, errorBuilder } from '@daggerml/object-model';

/** Every code that this package raises in addition to those of the object model and of the store. */
export type RemoteErrorCode =
  | 'remote_uri_invalid'
  | 'remote_damaged'
  | 'remote_format_newer'
  | 'remote_foreign'
  | 'remote_missing'
  | 'remote_unreachable'
  | 'remote_refused'
  | 'remote_full'
  | 'remote_busy'
  | 'remote_unsafe'
  | 'remote_path_invalid'
  | 'remote_name_invalid'
  | 'remotes_unusable'
  | 'signing_key_invalid'
  | 'signer_invalid'
  | 'remote_exists'
  | 'remote_unknown'
  | 'remote_purpose'
  | 'publication_unknown'
  | 'publication_foreign'
  | 'publication_untrusted'
  | 'publication_releases'
  | 'reference_exists'
  | 'reference_unknown'
  | 'push_not_fast_forward'
  | 'push_stale'
  | 'push_unknown';

/** The error class of this package with its codes. */
export type RemoteError = DmlError<RemoteErrorCode>;

/** The one wording of each code, and of those of its details that say it better. */
const MESSAGES: Readonly<
  Record<RemoteErrorCode, string> & Partial<Record<`${RemoteErrorCode}/${string}`, string>>
> = {
  remote_uri_invalid: 'the text[ "{text}"] is not the address of a remote',
  remote_damaged: 'the file "{path}" of the remote {remote} is damaged ({detail})',
  'remote_damaged/missing': 'the file "{path}" of the remote {remote} is missing',
  'remote_damaged/incomplete':
    'the remote {remote} lacks objects that its refs reach[: the {class} {objectId}]',
  'remote_damaged/numbers':
    'the file "{path}" of the remote {remote} names a state with the highest number there is, which no writer reaches',
  'remote_damaged/lost':
    'the remote {remote} has lost its file "{path}", which names the state in effect[; its journal goes up to state {sequence}]',
  remote_format_newer:
    'the remote {remote} was written by a newer version of DaggerML (format {format} of "{path}")',
  remote_foreign: '{remote} holds files of something else ("{path}"), so it cannot be used as a remote',
  'remote_foreign/repository': '{remote} is a repository, and no remote that repositories share',
  remote_missing: 'there is no remote in {remote}[ ({reason})]',
  'remote_missing/place': 'there is nothing at {remote}; nothing was made there',
  'remote_missing/bucket': 'the bucket of the remote {remote} does not exist[ ({reason})]',
  'remote_missing/parent': 'the folder "{parent}", in which the remote {remote} would be, does not exist',
  'remote_missing/not_a_folder': 'the place of the remote {remote} is not a folder: a file stands there',
  'remote_missing/vanished':
    'the remote that this repository knows is not in {remote} any more[ ({reason})]; it was seen last at state {sequence}, written {seen}',
  'remote_missing/object': 'the remote {remote} does not have the {class} {objectId}[ ({reason})]',
  'remote_missing/branch': 'the remote {remote} has no branch "{branch}"',
  'remote_missing/state': 'the remote {remote} has no state {state} of which all files are there',
  remote_unreachable: 'the remote {remote} cannot be reached ({operation}[: {reason}])',
  remote_refused: 'the remote {remote} refused to {operation}[ ({reason})]',
  remote_full: 'there is no space left on the remote {remote}[ ({reason})]; no branch or tag was moved there',
  remote_busy: 'others changed the remote {remote} all the time for {seconds} s; nothing was changed',
  remote_unsafe: 'the remote {remote} does not keep what it promises: {reason}',
  remote_path_invalid: '"{path}" is not a path of a remote',
  remote_name_invalid: '"{name}" cannot name a remote',
  signer_invalid: '"{key}" is no did:key of an Ed25519 key',
  signing_key_invalid: 'the file "{path}" has no Ed25519 private key in PEM without a pass phrase',
  'signing_key_invalid/unreadable': 'the signing key "{path}" cannot be read ({errno})',
  remotes_unusable:
    'the file "{path}", which lists the remotes of this repository, cannot be used ({detail})',
  remote_exists: 'there is a remote "{name}" already, which is {uri}',
  remote_unknown: 'there is no remote "{name}" here; the remotes are: {names}',
  'remote_unknown/place':
    '"{name}" is a place, and remotes are given by their names here, which are: {names}',
  'remote_unknown/known': '"{name}" is the place of the remote "{known}", which is given by its name',
  'remote_unknown/bundle': '"{name}" is a file, and no remote; the remotes are: {names}',
  'remote_unknown/branch': '"{name}" is a branch, and no remote; the remotes are: {names}',
  'remote_unknown/fetched_branch': '"{name}" is a branch, and no remote; the remotes are: {names}',
  'remote_unknown/pipeline': '"{name}" is the file of a pipeline, and no remote; the remotes are: {names}',
  remote_purpose: 'the remote {remote} is of no use for this ({detail})',
  'remote_purpose/published': '{remote} holds publications, which others read; nothing internal is put there',
  'remote_purpose/publications': '{remote} holds publications and no branches; published there: {names}',
  'remote_purpose/internal':
    '{remote} holds branches, tags or outcomes, or did before; whoever reads publications there could read those',
  publication_unknown: 'nothing is published as "{name}" on {remote}; published there: {names}',
  'publication_unknown/internal': 'nothing is published on {remote}, which holds branches or work of a team',
  publication_foreign: 'another domain has published "{name}" on {remote}: {domain}',
  publication_untrusted: 'the publication "{name}" on {remote} cannot be trusted ({detail})',
  publication_releases:
    'publishing "{name}" would give away on {remote} what was withheld before: {what}; nothing was sent',
  'publication_untrusted/signature':
    'the publication "{name}" on {remote} was not signed by the key of its domain, {domain}',
  'publication_untrusted/key':
    'the publication "{name}" on {remote} is of the domain {domain}, not of {expected}',
  'publication_untrusted/older':
    'the publication "{name}" on {remote} has number {number}, and number {known} is known: somebody moved it back',
  'publication_untrusted/other':
    'there are two publications "{name}" of number {number}, and the one on {remote} is not the one that is known',
  'publication_untrusted/onward':
    'the publication "{name}" on {remote} carries a reference "{reference}" that its domain did not sign',
  reference_exists: 'there is a reference "{name}" already, to "{published}" of {domain}',
  'reference_exists/moved': 'another process has taken or ended the reference "{name}" in the meantime',
  reference_unknown: 'there is no reference "{name}" here; the references are: {names}',
  push_not_fast_forward: 'the branch "{branch}" of {remote} has commits that this repository does not have',
  push_stale: 'the branch "{branch}" of {remote} is at {actual}, not at {expected} as expected',
  'push_stale/back':
    'the remote {remote} went back: it is at state {actual}, and state {expected}, which was seen there before, is not in its journal; nothing was pushed',
  push_unknown: 'the remote {remote} did not say whether the push took effect',
};

const build = errorBuilder<RemoteErrorCode>(MESSAGES);

/** Creates an error of this package; `detail` is the stable reason below the code. */
export function remoteError<Code extends RemoteErrorCode>(
  code: Code,
  { detail, ...fields }: DmlErrorFields & { readonly detail?: string } = {},
  cause?: unknown,
): DmlError<Code> {
  return build(code, fields, cause, detail);
}
