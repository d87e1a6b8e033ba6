import { escapeJson } from '@daggerml/object-model';
import type { CliIo, GlobalOptions, TextSink } from '../process/cli-io.ts';
import { cutStyled } from './display-width.ts';
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
const DEFAULT_ROWS = 24;

/** Returns the codes that lead to the first of so many lines and clear them. */
function clearLines(count: number): string {
  return count > 1 ? `\r\u001b[${count - 1}A\u001b[J` : '\r\u001b[J';
}

/**
 * Output of a command: results to standard output, notes to standard error. All text passes through here, and
 * what could steer a terminal is escaped whoever wrote it; only `raw` prints bytes as they are.
 */
export class Output {
  readonly #io: CliIo;
  readonly #globals: GlobalOptions;
  /** Lines of the block that is rewritten in place. */
  #liveLines = 0;

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

  /** Prints the result of `dml run`: with `--json` the last line, after those of its events. */
  runResult(value: object, human: () => string | readonly string[]): void {
    if (this.isJson) this.event('result', value);
    else this.result(value, human);
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

  /** Lines that the live block may have, so that the terminal never scrolls it away. */
  get maxLiveLines(): number {
    return Math.max(1, (this.#io.stderr.rows || DEFAULT_ROWS) - 2);
  }

  /** Rewrites the live block, each line cut to the terminal; without lines it is cleared. */
  live(lines: readonly string[] = []): void {
    if (!this.isLive || (lines.length === 0 && this.#liveLines === 0)) return;
    const { stderr } = this.#io;
    const columns = (stderr.columns || DEFAULT_COLUMNS) - 1;
    const isStyled = this.#colours(stderr.isTTY);
    const shown = lines
      .slice(0, this.maxLiveLines)
      // @spec DML-CLI-0462
      .map((line) => escapeLaidOut(cutStyled(escapeLaidOut(line, isStyled), columns), isStyled));
    const clear = clearLines(this.#liveLines);
    this.#liveLines = shown.length;
    stderr.write(clear + shown.join('\n'));
  }

  /**
   * Prints one line of a stream of documents, with `--json`; each says its schema and type.
   *
   * @spec DML-CLI-1971
   */
  event(type: string, fields: object): void {
    if (!this.isJson) return;
    const line = JSON.stringify({ schema: EVENT_SCHEMA, type, ...fields }, plain);
    this.#print(this.#io.stdout, `${escapeJson(line)}\n`);
  }

  /** Checks whether notes are printed: neither with `--quiet` nor with `--json`. @spec DML-CLI-0411 DML-CLI-3849 */
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

/** Schema of the lines that `event` prints. */
const EVENT_SCHEMA = 1;

function styled(style: Style, text: string): string {
  const [begin, end] = STYLES[style];
  return `\u001b[${begin}m${text}\u001b[${end}m`;
}

/** Integers beyond JSON's numbers as text, bytes as base64. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
