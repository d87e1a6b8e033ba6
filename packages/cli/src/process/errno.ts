/** Returns the code of an error of the system, such as `ENOENT`. */
export function errnoOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
