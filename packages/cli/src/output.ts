import type { CliIo, GlobalOptions } from './cli-io.ts';
import { escapeJson, printable } from './printable.ts';

/** Digits of an id in listings for people. @spec DML-CLI-0409 */
export const SHORT_ID_DIGITS: number = 12;

/** Codes that begin and end a style. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

type Style = keyof typeof STYLES;

/** Where a command says things: results to standard output, talk to standard error. */
export class Output {
  readonly #io: CliIo;
  readonly #globals: GlobalOptions;

  constructor(io: CliIo, globals: GlobalOptions) {
    this.#io = io;
    this.#globals = globals;
  }

  get isJson(): boolean {
    return this.#globals.json;
  }

  /**
   * Prints the one result of the command: `value` as a JSON document with `--json`, else the text of `human`.
   *
   * @spec DML-CLI-0401
   * @spec DML-CLI-0403
   */
  result(value: unknown, human: () => string): void {
    const text = this.isJson ? escapeJson(JSON.stringify(value, plain, 2)) : human();
    if (text !== '') this.#io.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Prints bytes or text as they are; resolves when more may be written, so that large values take no memory. */
  async raw(piece: Uint8Array | string): Promise<void> {
    await this.#io.write(piece);
  }

  /**
   * Prints a line of talk, unless `--quiet` or `--json`.
   *
   * @spec DML-CLI-0402
   */
  talk(line: string): void {
    if (this.#isTalking) this.#io.stderr.write(`${line}\n`);
  }

  /** Yields an id as people read it. */
  shortId(id: string): string {
    return this.style('yellow', id.slice(0, SHORT_ID_DIGITS));
  }

  /** Yields text from a repository as a terminal may show it. */
  safe(text: string): string {
    return printable(text);
  }

  /**
   * Colours text where the result goes to a terminal that wants colours.
   *
   * @spec DML-CLI-0407
   */
  style(style: Style, text: string): string {
    return this.#colours(this.#io.stdout.isTTY) ? styled(style, text) : text;
  }

  /** Colours talk like `style` colours results. */
  talkStyle(style: Style, text: string): string {
    return this.#colours(this.#io.stderr.isTTY) ? styled(style, text) : text;
  }

  /** Tells whether talk may be rewritten in place. */
  get isLive(): boolean {
    return this.#io.stderr.isTTY === true && this.#isTalking && this.#io.env.TERM !== 'dumb';
  }

  /** Writes talk without a line end; for progress that rewrites its line. */
  live(text: string): void {
    if (this.isLive) this.#io.stderr.write(text);
  }

  /** With `--json`, standard error holds at most the document of an error. @spec DML-CLI-0411 */
  get #isTalking(): boolean {
    return !this.#globals.quiet && !this.isJson;
  }

  /** Columns of the terminal that results go to; undefined where they go elsewhere. */
  get resultColumns(): number | undefined {
    const { isTTY, columns = 80 } = this.#io.stdout;
    return isTTY === true ? columns : undefined;
  }

  get columns(): number {
    return this.#io.stderr.columns ?? 80;
  }

  #colours(isTerminal: boolean | undefined): boolean {
    return (
      isTerminal === true && this.#globals.color && !this.#io.env.NO_COLOR && this.#io.env.TERM !== 'dumb'
    );
  }
}

function styled(style: Style, text: string): string {
  const [begin, end] = STYLES[style];
  return `\u001b[${begin}m${text}\u001b[${end}m`;
}

/** Integers beyond JSON's numbers as text, bytes as base64. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
