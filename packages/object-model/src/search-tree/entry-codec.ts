import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { CODEC_DAG_CBOR, CODEC_RAW } from '../cbor/value.ts';
import { CborWriter } from '../cbor/writer.ts';
import { encodeElement } from '../records/element.ts';
import type { EntryKeys, KeyedRole, LeafEntries, PageRole } from '../records/page-types.ts';
import { checkText } from '../text/text.ts';
import { textOfBytes } from '../text/utf8.ts';
import { idInLink, LINK_ID_OFFSET, readElement } from './element-bytes.ts';
import { readCount, skipByte, skipCount, skipItem, skipLink, skipText, textStart } from './item-span.ts';

/** Form of the key of an entry: the text in front, the link in front, the whole element, or none. */
export type KeyForm = 'text' | 'link' | 'element' | 'none';

/** Finds and reads the leaf entries of a role. */
export interface EntryCodec<Role extends PageRole> {
  readonly keyForm: KeyForm;
  /** Reads the entry in `bytes[start..end)`, a span that `skip` yielded. */
  read(bytes: Uint8Array, start: number, end: number): LeafEntries[Role];
  /** Returns the offset behind the entry at `at`; throws when its outline is not that of the role. */
  skip(bytes: Uint8Array, at: number, end: number): number;
}

function nameCodec<Role extends 'names' | 'dags' | 'heads' | 'references'>(): EntryCodec<Role> {
  return {
    keyForm: 'text',
    read(bytes, start, end) {
      const name = textOfBytes(bytes, textStart(bytes, start + 1), end - LINK_BYTES);
      return [name, idInLink(bytes, end - LINK_BYTES)] as unknown as LeafEntries[Role];
    },
    skip: (bytes, at, end) => skipLink(bytes, skipText(bytes, skipByte(bytes, at, end, 0x82), end), end),
  };
}

function pairCodec<Role extends 'pins' | 'requests'>(): EntryCodec<Role> {
  return {
    keyForm: 'link',
    read: (bytes, start) =>
      [idInLink(bytes, start + 1), idInLink(bytes, start + 1 + LINK_BYTES)] as unknown as LeafEntries[Role],
    skip: (bytes, at, end) => skipLink(bytes, skipLink(bytes, skipByte(bytes, at, end, 0x82), end), end),
  };
}

/** Role → codec of its leaf entries. */
export const ENTRY_CODECS: { readonly [Role in PageRole]: EntryCodec<Role> } = {
  list: { keyForm: 'none', read: readElement, skip: skipItem },
  set: { keyForm: 'element', read: readElement, skip: skipItem },
  map: {
    keyForm: 'text',
    read(bytes, start, end) {
      const keyEnd = skipText(bytes, start + 1, end);
      return [textOfBytes(bytes, textStart(bytes, start + 1), keyEnd), readElement(bytes, keyEnd, end)];
    },
    skip: (bytes, at, end) => skipItem(bytes, skipText(bytes, skipByte(bytes, at, end, 0x82), end), end),
  },
  names: nameCodec<'names'>(),
  dags: nameCodec<'dags'>(),
  heads: nameCodec<'heads'>(),
  references: nameCodec<'references'>(),
  pins: pairCodec<'pins'>(),
  requests: pairCodec<'requests'>(),
  inputs: { keyForm: 'none', read: (bytes, start) => idInLink<'node'>(bytes, start), skip: skipLink },
  values: { keyForm: 'none', read: (bytes, start) => idInLink<'datum'>(bytes, start), skip: skipLink },
  chunks: {
    keyForm: 'none',
    read: (bytes, start, end) => [
      idInLink<'chunk'>(bytes, start + 1, CODEC_RAW),
      readCount(bytes, start + 1 + LINK_BYTES, end),
    ],
    skip: (bytes, at, end) => skipCount(bytes, skipLink(bytes, skipByte(bytes, at, end, 0x82), end), end),
  },
};

const writer = new CborWriter();

/** Returns the ordering bytes of a key: UTF-8, id, or encoded element; the caller owns them. */
export function keyBytes<Role extends KeyedRole>(role: Role, key: EntryKeys[Role]): Uint8Array {
  if (role === 'set') return encodeElement(key as EntryKeys['set']);
  writer.reset();
  if (role === 'pins' || role === 'requests') {
    writer.link(CODEC_DAG_CBOR, key as string);
    return writer.take(LINK_ID_OFFSET);
  }
  writer.text(checkText(key));
  return writer.take(textStart(writer.bytes, 0));
}

/** Returns the key of an entry. */
export function keyOfEntry<Role extends KeyedRole>(role: Role, entry: LeafEntries[Role]): EntryKeys[Role] {
  return (role === 'set' ? entry : (entry as readonly unknown[])[0]) as EntryKeys[Role];
}
