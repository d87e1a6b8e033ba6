export { EXIT, type ExitCode } from './invocation/exit-code.ts';
export { runCli } from './invocation/main.ts';
export type { CliIo, TextSink } from './process/cli-io.ts';
export type { CliErrorCode } from './wording/cli-error.ts';
