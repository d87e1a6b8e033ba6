import { createHash } from 'node:crypto';
import { replaceTerminalControls } from '@daggerml/object-model';

/** Bytes that every file system in use takes in one name. */
const MAX_NAME_BYTES = 200;
/** Bytes of a path below the target that leave room for the target's own path. */
const MAX_PATH_BYTES = 1_000;
/** Characters that some file system refuses, and the sign that the encoding uses. */
const RESERVED_CHARACTERS = /[%\\:*?"<>|]|[. ]$/gu;
const DEVICE_NAME = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
const EXTENSION = /(?<=.)\.[A-Za-z0-9]{1,15}$/s;
const MARK_DIGITS = 16;

/**
 * Returns the file name of one part of a key: the part itself, percent-encoded where a name could not be a
 * file of its own on some system. No two parts have the same name.
 *
 * @spec DML-CLI-0821
 */
export function fileName(part: string): string {
  // No other name is a lone percent sign: the sign itself is encoded.
  if (part === '') return '%';
  const encoded = replaceTerminalControls(part.replace(RESERVED_CHARACTERS, percentEncode), percentEncode);
  return DEVICE_NAME.test(encoded) ? percentEncode(encoded.slice(0, 1)) + encoded.slice(1) : encoded;
}

/** Places the files and folders of an export, each at a path of its own. */
export class ExportLayout {
  /** Path without regard to case → what it was given to. */
  readonly #holders = new Map<string, string>();

  /**
   * Returns the path, below the target and with `/` between its parts, of what `keys` lead to from the
   * outermost map. The order of the calls decides which of two that clash keeps its name.
   */
  place(kind: 'file' | 'folder' | 'directory', keys: readonly string[], suffix = ''): string {
    const parts = keys.flatMap((key) => key.split('/'));
    // @spec DML-CLI-0810
    const names = parts.map(fileName);
    const last = (names.pop() as string) + suffix;
    const identity = `${kind} ${JSON.stringify(kind === 'folder' ? parts : keys)}`;
    const folders = names.join('/');
    if (Buffer.byteLength(folders) + MAX_NAME_BYTES > MAX_PATH_BYTES)
      return this.#take('', marked(last, identity), identity);
    let path = '';
    for (const [depth, name] of names.entries())
      path = this.#own(path, name, `folder ${JSON.stringify(parts.slice(0, depth + 1))}`);
    return this.#own(path, last, identity);
  }

  #own(folder: string, name: string, identity: string): string {
    const holder = this.#holders.get(foldedCase(below(folder, name)));
    // @spec DML-CLI-0822
    const isFree = holder === undefined || holder === identity;
    const fits = Buffer.byteLength(name) <= MAX_NAME_BYTES;
    return this.#take(folder, isFree && fits ? name : marked(name, identity), identity);
  }

  #take(folder: string, name: string, identity: string): string {
    const path = below(folder, name);
    this.#holders.set(foldedCase(path), identity);
    return path;
  }
}

/** Returns a name made unique by digits before its extension. */
function marked(name: string, identity: string): string {
  const [extension = ''] = EXTENSION.exec(name) ?? [];
  const digits = createHash('sha256').update(identity).digest('hex').slice(0, MARK_DIGITS);
  const mark = `%~${digits}${extension}`;
  let stem = name.slice(0, Math.min(MAX_NAME_BYTES, name.length - extension.length));
  while (Buffer.byteLength(stem) + mark.length > MAX_NAME_BYTES) stem = [...stem].slice(0, -1).join('');
  // An escape that was cut through would read as something else.
  return stem.replace(/%[0-9A-F]?$/, '') + mark;
}

function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Returns equal text for names that a case-insensitive file system treats as one. */
function foldedCase(path: string): string {
  return path.toUpperCase().toLowerCase();
}

function percentEncode(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
