export type { CliErrorCode } from './cli-error.ts';
export type { CliIo, TextSink } from './cli-io.ts';
export { EXIT, type ExitCode } from './exit-code.ts';
export { runCli } from './main.ts';
