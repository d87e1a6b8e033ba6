import { announcesCredential } from '@daggerml/object-model';

/** Text in the place of a secret. */
const MASK = '***';
/** Characters that a secret has at least; a shorter one would be found everywhere. */
const MIN_LENGTH = 4;

/** Returns the values of the passed variables whose names announce a credential. */
export function secretsOf(env: Readonly<Record<string, string>> = {}): readonly string[] {
  const found = Object.entries(env).filter(([name]) => announcesCredential(name));
  // @spec DML-EXE-3729
  const values = found.map(([, value]) => value).filter(({ length }) => length >= MIN_LENGTH);
  // A longer one that begins with a shorter one is replaced as a whole.
  return [...new Set(values)].sort((left, right) => right.length - left.length);
}

/** Returns a text with secrets, longest first, replaced. */
export function maskText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

/** Replaces secrets in bytes that come in pieces; what may be the beginning of one waits for the next piece. */
export class SecretMask {
  readonly #secrets: readonly Buffer[];
  #held: Buffer = Buffer.alloc(0);

  /** Takes the secrets longest first. */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((secret) => Buffer.from(secret));
  }

  /** Takes the next piece and returns what is known to be no part of a secret, and masks. */
  add(piece: Uint8Array): Buffer {
    const bytes = this.#held.length === 0 ? Buffer.from(piece) : Buffer.concat([this.#held, piece]);
    return this.#take(bytes, this.#beginningIn(bytes));
  }

  /** Returns what was held back: nothing follows it. */
  end(): Buffer {
    return this.#take(this.#held, this.#held.length);
  }

  /** Returns bytes up to a place with secrets that begin before it replaced, and holds the others back. */
  #take(bytes: Buffer, holdFrom: number): Buffer {
    const pieces: Buffer[] = [];
    let at = 0;
    for (let next = this.#next(bytes, at); next && next.at < holdFrom; next = this.#next(bytes, at)) {
      pieces.push(bytes.subarray(at, next.at), Buffer.from(MASK));
      at = next.at + next.length;
    }
    const end = Math.max(at, holdFrom);
    pieces.push(bytes.subarray(at, end));
    this.#held = Buffer.from(bytes.subarray(end));
    return Buffer.concat(pieces);
  }

  /** Finds the first secret from a place on, of several there the longest. */
  #next(bytes: Buffer, from: number): { readonly at: number; readonly length: number } | undefined {
    let found: { readonly at: number; readonly length: number } | undefined;
    for (const secret of this.#secrets) {
      const at = bytes.indexOf(secret, from);
      if (at >= 0 && (found === undefined || at < found.at)) found = { at, length: secret.length };
    }
    return found;
  }

  /** Returns the first place from which on the bytes are the beginning of a secret; their end where there is none. */
  #beginningIn(bytes: Buffer): number {
    let first = bytes.length;
    for (const secret of this.#secrets) {
      const start = secret[0] as number;
      let at = bytes.indexOf(start, Math.max(0, bytes.length - secret.length + 1));
      while (at >= 0 && at < first) {
        if (bytes.compare(secret, 0, bytes.length - at, at) === 0) first = at;
        at = bytes.indexOf(start, at + 1);
      }
    }
    return first;
  }
}
