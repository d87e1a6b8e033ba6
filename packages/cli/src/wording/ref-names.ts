import type { ErrorWording } from './wording.ts';

/**
 * Fault of the name of a ref, by the detail of the refusal.
 *
 * @spec DML-CLI-0960
 */
export const NAMES_OF_REFS: NonNullable<ErrorWording['details']> = {
  name_length: badName('a name has 1 to 255 bytes'),
  name_control: badName('it has control characters'),
  name_reserved: badName('"." and ".." are folders'),
  lone_surrogate: badName('it is not Unicode text'),
  not_canonical: badName('it is not in the normal form NFC'),
  part_empty: badName('a "/" stands between two parts of a name'),
  part_dot: badName('no part of it may begin with "."'),
  part_lock: badName('no part of it may end with ".lock"'),
  two_dots: badName('".." is not allowed'),
  last_dot: badName('it ends with "."'),
  at_brace: badName('"@{" is not allowed'),
  character: badName('"{character}" is not allowed'),
  reserved: badName('it names other refs already'),
  first_dash: badName('it would be taken for an option'),
  like_an_id: badName('it would be taken for an id'),
};

function badName(why: string): { readonly message: string; readonly hint: string } {
  return {
    message: `"{name}" cannot name a branch: ${why}`,
    hint: 'choose another name[, for example "{suggestion}"]',
  };
}
