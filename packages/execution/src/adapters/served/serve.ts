import { versionAbove } from '../../version-above.ts';
import { DEFAULT_LIMITS } from '../executable/limits.ts';
import { LineSplitter } from '../executable/line-splitter.ts';
import { parseQuestion } from '../executable/message-schemas.ts';
import { AdapterServer, type ServedAdapter } from './adapter-server.ts';

/** Pause between two looks for the process that asked, whose end closes the input. */
const WATCH_MS = 100;

/**
 * Answers questions on standard input until it ends, or the process that started this one has ended. Words of a command
 * line, and a person at a terminal, get what this program is.
 */
export function serve(served: Omit<ServedAdapter, 'version'>, starterPid: number): void {
  const [word] = process.argv.slice(2);
  const version = versionAbove(import.meta.url);
  if (word !== undefined || process.stdin.isTTY) {
    const { name } = served;
    const text = `${name} is an adapter of DaggerML`;
    return explain({ name, version, word, text, check: `dml adapter check ${name}`, starter: 'an Executor' });
  }
  answer({ ...served, version: `${version}+node.${process.versions.node}` }, starterPid);
}

/** Facts that a program tells people about itself. */
interface Explanation {
  readonly name: string;
  readonly version: string;
  readonly word: string | undefined;
  readonly text: string;
  readonly check: string;
  /** Program that starts it. */
  readonly starter: string;
}

/**
 * Prints what an adapter is, for people.
 *
 * @spec DML-EXE-3241
 */
export function explain({ name, version, word, text, check, starter }: Explanation): void {
  const help = `${text}: it answers questions on standard input, a line of JSON each.
It is started by ${starter}; "${check}" shows whether it works.
`;
  if (word === '--version') process.stdout.write(`${version}\n`);
  else if (word === '--help') process.stdout.write(help);
  else {
    process.stderr.write(word === undefined ? help : `${name}: it takes no "${word}"\n${help}`);
    process.exitCode = 2;
  }
}

function answer(served: ServedAdapter, starterPid: number): void {
  const { stdin, stdout } = process;
  const server = new AdapterServer(served, (line) => void stdout.write(`${line}\n`));
  const splitter = new LineSplitter(DEFAULT_LIMITS.lineBytes);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  // Who asked is gone.
  stdout.on('error', () => process.exit(1));
  stdin.on('data', (bytes: Uint8Array) => {
    const { lines, isTooLong } = splitter.add(bytes);
    for (const line of lines) server.take(utf8.decode(line), parseQuestion);
    if (isTooLong) throw new Error(`a question has more than ${DEFAULT_LIMITS.lineBytes} bytes`);
  });
  stdin.on('end', () => {
    const rest = splitter.rest();
    if (rest.length > 0) server.take(utf8.decode(rest), parseQuestion);
    // @spec DML-EXE-3240
    setInterval(() => {
      if (process.ppid !== starterPid) server.stop();
    }, WATCH_MS).unref();
    void server.close().then(() => process.exit(0));
  });
}
