import { replaceTerminalControls } from '@daggerml/object-model';

/**
 * Escapes what could steer a terminal in text from a repository.
 *
 * @spec DML-CLI-0410
 */
export function printable(text: string): string {
  return replaceTerminalControls(text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
}

/** Escapes the same in JSON text but for its own line ends; what it says stays the same. */
export function escapeJson(json: string): string {
  return json
    .split('\n')
    .map((line) => replaceTerminalControls(line))
    .join('\n');
}
