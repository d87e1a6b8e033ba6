import { escapeJson } from '@daggerml/object-model';
import type { CliIo, GlobalOptions, TextSink } from '../process/cli-io.ts';
import { cutToWidth } from './display-width.ts';
import { escapeLaidOut, printable } from './printable.ts';

/** Digits of an id in listings for people. @spec DML-CLI-0409 */
const SHORT_ID_DIGITS = 12;

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

/** Of a terminal that does not say, or says none. */
const DEFAULT_COLUMNS = 80;
/** Codes that return to the beginning of the line and clear it. */
const CLEAR_LINE = '\r\u001b[K';

/**
 * Output of a command: results to standard output, notes to standard error. All text passes through here, and
 * what could steer a terminal is escaped whoever wrote it; only `raw` prints bytes as they are.
 */
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
   * Prints the one result of the command: `value` as a JSON document with `--json`, else the text or lines of `human`.
   *
   * @spec DML-CLI-0401
   * @spec DML-CLI-0403
   */
  result(value: unknown, human: () => string | readonly string[]): void {
    const text = this.isJson ? escapeJson(JSON.stringify(value, plain, 2)) : [human()].flat().join('\n');
    if (text !== '') this.#print(this.#io.stdout, text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Prints a piece of the result as text; resolves when more may be written. */
  async text(piece: string): Promise<void> {
    await this.#io.write(escapeLaidOut(piece, false));
  }

  /** Prints bytes or text as they are; resolves when more may be written, so that large values take no memory. */
  async raw(piece: Uint8Array | string): Promise<void> {
    await this.#io.write(piece);
  }

  /**
   * Prints a note, unless `--quiet` or `--json`.
   *
   * @spec DML-CLI-0402
   */
  note(line: string): void {
    if (this.printsNotes) this.#print(this.#io.stderr, `${line}\n`);
  }

  /** Prints a line of an error, or its document, also with `--quiet`. */
  error(text: string): void {
    this.#print(this.#io.stderr, `${text}\n`);
  }

  /** Returns an id as people read it. */
  shortId(id: string): string {
    return this.style('yellow', id.slice(0, SHORT_ID_DIGITS));
  }

  /** Returns text from a repository as a terminal may show it. */
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

  /** Colours notes like `style` colours results. */
  noteStyle(style: Style, text: string): string {
    return this.#colours(this.#io.stderr.isTTY) ? styled(style, text) : text;
  }

  /** Checks whether notes may be rewritten in place. */
  get isLive(): boolean {
    return this.#io.stderr.isTTY === true && this.printsNotes && this.#io.env.TERM !== 'dumb';
  }

  /** Rewrites the live line, cut to the terminal; an empty one clears it. */
  live(line = ''): void {
    if (!this.isLive) return;
    const { stderr } = this.#io;
    // @spec DML-CLI-0462
    const shown = cutToWidth(escapeLaidOut(line, false), (stderr.columns || DEFAULT_COLUMNS) - 1);
    stderr.write(CLEAR_LINE + shown);
  }

  /** Checks whether notes are printed: neither with `--quiet` nor with `--json`. @spec DML-CLI-0411 */
  get printsNotes(): boolean {
    return !this.#globals.quiet && !this.isJson;
  }

  /** Columns of the terminal that results go to; undefined where they go elsewhere. */
  get resultColumns(): number | undefined {
    const { isTTY, columns } = this.#io.stdout;
    return isTTY === true ? columns || DEFAULT_COLUMNS : undefined;
  }

  /** Writes text; the only way to either stream. @spec DML-CLI-0460 */
  #print(sink: TextSink, text: string): void {
    sink.write(escapeLaidOut(text, this.#colours(sink.isTTY)));
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
