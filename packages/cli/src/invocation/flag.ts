/** Returns an option as it is typed, from its camel-case name. @spec DML-CLI-3848 */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
