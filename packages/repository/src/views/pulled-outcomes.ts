const START = 'outcomes of ';

/** Returns the message of the commits that keep outcomes of the shared cache of a remote. */
export function pulledOutcomesMessage(remoteName: string): string {
  return `${START}${remoteName}`;
}

/** Checks whether a commit of an IndexRef keeps outcomes of a shared cache, and is no work in progress. */
export function isPulledOutcomes(message: string): boolean {
  return message.startsWith(START);
}
