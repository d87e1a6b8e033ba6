import { LineSplitter } from '../adapters/executable/line-splitter.ts';
import { explain } from '../adapters/served/serve.ts';
import { versionAbove } from '../version-above.ts';
import { REMOTE_LIMITS } from './limits.ts';
import { parseRemoteQuestion } from './message-schemas.ts';
import { RemoteServer, type ServedRemotes } from './remote-server.ts';

/** Pause between two looks for the process that asked, whose end closes the input. */
const WATCH_MS = 100;

/**
 * Answers questions about remotes on standard input until it ends, or the process that started this one has ended. Words
 * of a command line, and a person at a terminal, get what this program is.
 */
export function serveRemotes(served: Omit<ServedRemotes, 'version' | 'name'>): void {
  const name = `dml-remote-${served.adapterName}`;
  const [word] = process.argv.slice(2);
  const version = versionAbove(import.meta.url);
  if (word !== undefined || process.stdin.isTTY) {
    const check = `dml remote check dml+remote://${served.adapterName}/…`;
    return explain({
      name,
      version,
      word,
      text: `${name} is a Remote Adapter of DaggerML`,
      check,
      starter: 'dml',
    });
  }
  answer({ ...served, name, version: `${version}+node.${process.versions.node}` });
}

function answer(served: ServedRemotes): void {
  const { stdin, stdout } = process;
  const starterPid = process.ppid;
  const server = new RemoteServer(served, (line) => void stdout.write(`${line}\n`));
  const splitter = new LineSplitter(REMOTE_LIMITS.lineBytes);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  // Who asked is gone.
  stdout.on('error', () => process.exit(1));
  stdin.on('data', (bytes: Uint8Array) => {
    const { lines, isTooLong } = splitter.add(bytes);
    for (const line of lines) server.take(utf8.decode(line), parseRemoteQuestion);
    if (isTooLong) throw new Error(`a question has more than ${REMOTE_LIMITS.lineBytes} bytes`);
  });
  stdin.on('end', () => {
    const rest = splitter.rest();
    if (rest.length > 0) server.take(utf8.decode(rest), parseRemoteQuestion);
    // @spec DML-REM-0664
    setInterval(() => {
      if (process.ppid !== starterPid) process.exit(1);
    }, WATCH_MS).unref();
    void server.close().then(() => process.exit(0));
  });
}
