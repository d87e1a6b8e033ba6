import { replaceTerminalControls } from './terminal-controls.ts';

/** Returns JSON text in which nothing but its own line ends could steer a terminal; its values are the same. */
export function escapeJson(json: string): string {
  return json
    .split('\n')
    .map((line) => replaceTerminalControls(line))
    .join('\n');
}
