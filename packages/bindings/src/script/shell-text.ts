/** Part of a text for a shell, by how the shell reads it. */
type Context = 'plain' | 'parenthesis' | 'backtick' | 'brace' | 'double' | 'single' | 'ansi' | 'comment';

/** A here-document that begins at the end of the line, or that the text is in. */
interface HereDocument {
  readonly end: string;
  readonly isQuoted: boolean;
}

/** Text for a shell that is put together of text and of words which the shell must not read as anything but one word. */
export class ShellText {
  #text = '';
  readonly #contexts: Context[] = ['plain'];
  #due: HereDocument | undefined;
  #here: HereDocument | undefined;
  /** Start of the current line. */
  #lineAt = 0;

  get text(): string {
    return this.#text;
  }

  /** Adds text as it is. */
  add(text: string): void {
    for (let at = 0; at < text.length; at += 1) at += this.#read(text, at);
  }

  /** Adds the value of a variable as one word, or a part of one; false where the shell reads no variables. */
  addVariable(name: string): boolean {
    const place = this.#place;
    if (place !== 'comment' && place !== 'verbatim')
      this.#text += place === 'word' ? `"\${${name}}"` : `\${${name}}`;
    return place !== 'verbatim';
  }

  /** Adds text as one word, or a part of one; false where nothing can be escaped. */
  addWord(word: string): boolean {
    const place = this.#place;
    if (place === 'word') this.#text += isPlain(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
    else if (place === 'quotes') this.#text += word.replace(/["$`\\]/g, '\\$&');
    else if (place === 'document') this.#text += word.replace(/[$`\\]/g, '\\$&');
    return place !== 'verbatim';
  }

  /** The kind of place that comes next; `verbatim` is where the shell takes every character as it is. */
  get #place(): 'word' | 'quotes' | 'document' | 'comment' | 'verbatim' {
    if (this.#here) return this.#here.isQuoted ? 'verbatim' : 'document';
    switch (this.#context) {
      case 'single':
      case 'ansi':
        return 'verbatim';
      case 'double':
        return 'quotes';
      case 'comment':
        return 'comment';
      default:
        return 'word';
    }
  }

  get #context(): Context {
    return this.#contexts.at(-1) as Context;
  }

  /** Reads the character at a place, and returns how many more were read with it. */
  #read(text: string, at: number): number {
    const char = text[at] as string;
    this.#text += char;
    if (char === '\n') return this.#endLine();
    if (this.#here) return 0;
    const next = text[at + 1] ?? '';
    const context = this.#context;
    switch (context) {
      case 'comment':
        return 0;
      case 'single':
        return char === "'" ? this.#leave() : 0;
      case 'ansi':
        if (char === '\\') return this.#take(next);
        return char === "'" ? this.#leave() : 0;
      default:
        return this.#readCode(char, text.slice(at + 1), context);
    }
  }

  #readCode(char: string, rest: string, context: Context): number {
    const next = rest[0] ?? '';
    const isQuoted = context === 'double';
    if (char === '\\') return this.#take(next);
    if (char === '"') return isQuoted ? this.#leave() : this.#enter('double');
    if (char === '`') return context === 'backtick' ? this.#leave() : this.#enter('backtick');
    if (char === '$' && next === '(') return this.#enter('parenthesis') + this.#take(next);
    if (char === '$' && next === '{') return this.#enter('brace') + this.#take(next);
    if (isQuoted) return 0;
    if (char === '$' && next === "'") return this.#enter('ansi') + this.#take(next);
    if (char === "'") return this.#enter('single');
    if (char === '(') return this.#enter('parenthesis');
    if (char === ')' && context === 'parenthesis') return this.#leave();
    if (char === '}' && context === 'brace') return this.#leave();
    if (char === '#' && /(^|[\s;&|(])$/.test(this.#text.slice(0, -1))) return this.#enter('comment');
    if (char === '<' && next === '<') return this.#hereDocument(rest);
    return 0;
  }

  #hereDocument(rest: string): number {
    if (rest.startsWith('<<')) return this.#take('<<');
    const [whole, quote = '', end = ''] = /^<-?[ \t]*(['"\\]?)(\w+)['"]?/.exec(rest) ?? [];
    if (whole === undefined) return 0;
    this.#due = { end, isQuoted: quote !== '' };
    return this.#take(whole);
  }

  #endLine(): number {
    const line = this.#text.slice(this.#lineAt, -1);
    this.#lineAt = this.#text.length;
    if (this.#here) {
      if (line.trim() === this.#here.end) this.#here = undefined;
      return 0;
    }
    if (this.#context === 'comment') this.#leave();
    this.#here = this.#due;
    this.#due = undefined;
    return 0;
  }

  #take(text: string): number {
    this.#text += text;
    return text.length;
  }

  #enter(context: Context): number {
    this.#contexts.push(context);
    return 0;
  }

  #leave(): number {
    this.#contexts.pop();
    return 0;
  }
}

/** Returns the strings of a template without the indentation that all their lines have, and what surrounds the text. */
export function dedented(strings: readonly string[]): string[] {
  const lines = strings.flatMap((each) => each.split('\n').slice(1)).filter((line) => line.trim() !== '');
  const indents = lines.map((line) => line.length - line.trimStart().length);
  const indent = indents.length > 0 ? Math.min(...indents) : 0;
  const texts = strings.map((each) => each.replace(new RegExp(`\n[ \t]{0,${indent}}`, 'g'), '\n'));
  texts[0] = (texts[0] as string).trimStart();
  texts[texts.length - 1] = (texts.at(-1) as string).trimEnd();
  return texts;
}

function isPlain(word: string): boolean {
  return /^[\w@%+=:,./-]+$/.test(word);
}
