/** Thrown where a file of a state is not there; a collection may have removed it since. */
export class FileGone extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`the file ${path} is gone`);
    this.name = 'FileGone';
    this.path = path;
  }
}
