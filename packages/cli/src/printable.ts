import { replaceSteering } from '@daggerml/object-model';

/**
 * Escapes what could steer a terminal in text from a repository.
 *
 * @spec DML-CLI-0410
 */
export function printable(text: string): string {
  return replaceSteering(text.replaceAll('\n', '\\n').replaceAll('\t', '\\t'));
}

/** Escapes the same in JSON text but for its own line ends; what it says stays the same. */
export function escapeJson(json: string): string {
  return json
    .split('\n')
    .map((line) => replaceSteering(line))
    .join('\n');
}
