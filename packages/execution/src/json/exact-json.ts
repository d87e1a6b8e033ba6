import { f64, MAX_DEPTH } from '@daggerml/values';

/** The text is no JSON document, or not one that stands for one value. */
export class InvalidJson extends Error {}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];

/**
 * Parses a JSON document without loss: a number with a fraction or an exponent is an f64, any other one an integer of
 * any size. Throws `InvalidJson`, also for a key that an object has twice.
 *
 * @spec DML-EXE-3201
 */
export function parseExactJson(text: string): unknown {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) this.#fail('has more than one value');
    return value;
  }

  #value(): unknown {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first === '[') return this.#nested(() => this.#array());
    if (first === '{') return this.#nested(() => this.#object());
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  #nested<T>(read: () => T): T {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail(`is nested more than ${MAX_DEPTH} levels deep`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    if (this.#takes(']')) return items;
    do items.push(this.#value());
    while (this.#takes(','));
    this.#expect(']');
    return items;
  }

  #object(): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    if (this.#takes('}')) return members;
    do {
      this.#space();
      const key = this.#string();
      if (Object.hasOwn(members, key)) this.#fail(`has the key ${JSON.stringify(key).slice(0, 80)} twice`);
      this.#expect(':');
      setOwn(members, key, this.#value());
    } while (this.#takes(','));
    this.#expect('}');
    return members;
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#fail(start < this.#text.length ? 'is no JSON' : 'ends too early');
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    try {
      const value = JSON.parse(this.#text.slice(start, end + 1)) as string;
      this.#at = end + 1;
      return value;
    } catch {
      return this.#fail('has a text that is no JSON');
    }
  }

  #number(): unknown {
    const [digits, fraction, exponent] = this.#match(NUMBER);
    if (fraction !== undefined || exponent !== undefined) {
      const value = Number(digits);
      if (!Number.isFinite(value)) this.#fail('has a number that no f64 holds');
      return f64(value);
    }
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value + 0 : BigInt(digits);
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) this.#fail(this.#at < this.#text.length ? 'is no JSON' : 'ends too early');
    this.#at += match[0].length;
    return match;
  }

  #space(): void {
    this.#match(SPACE);
  }

  #takes(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#takes(character)) this.#fail(this.#at < this.#text.length ? 'is no JSON' : 'ends too early');
  }

  #fail(problem: string): never {
    throw new InvalidJson(`${problem} (at character ${this.#at})`);
  }
}

/** Defines a member; assigning `__proto__` would set the prototype instead. */
export function setOwn(members: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') members[key] = value;
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true });
}
