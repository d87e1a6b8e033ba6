import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ShellAdapter {
  /** Commands that answer a submission; `$id` and `$folder` are those of the question, `$line` is all of it. */
  readonly submit: string;
  /** Commands that answer `describe`. */
  readonly describe?: string;
  readonly poll?: string;
  readonly cancel?: string;
  readonly capabilities?: string;
  /** Commands before the first question. */
  readonly before?: string;
}

/** Returns the commands that answer a submission with a value as JSON. */
export function done(json: string): string {
  return `printf '{"id":%s,"status":"done","outcome":"ok","value":%s}\\n' "$id" '${json}'`;
}

/** Writes an adapter in the language of the shell, which starts in a millisecond. */
export function writeShellAdapter(folder: string, name: string, adapter: ShellAdapter): void {
  const { capabilities = '{}', before = '', submit } = adapter;
  const {
    describe = `printf '{"id":%s,"status":"described","schema":1,"name":"${name}","version":"1","protocol":1,"capabilities":${capabilities}}\\n' "$id"`,
    poll = `printf '{"id":%s,"status":"failed","code":"worker_lost"}\\n' "$id"`,
    cancel = `printf '{"id":%s,"status":"cancelled"}\\n' "$id"`,
  } = adapter;
  const source = `#!/bin/sh
${before}
while IFS= read -r line; do
  id=\${line#*\\"id\\":}; id=\${id%%[,\\}]*}
  folder=\${line#*\\"folder\\":\\"}; folder=\${folder%%\\"*}
  case $line in
    *'"operation":"describe"'*)
      ${describe} ;;
    *'"operation":"submit"'*)
      ${submit} ;;
    *'"operation":"poll"'*)
      ${poll} ;;
    *'"operation":"cancel"'*)
      ${cancel} ;;
  esac
done
`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), source);
  chmodSync(join(folder, name), 0o755);
}
