/** Limits of the runs of a script; none is part of what makes two scripts the same. */
export interface ScriptLimits {
  /** Memory that all processes of a run may use together. */
  readonly maxMemoryMb?: number | undefined;
  /** Size that what it prints as output, and its declared outputs, may have together. */
  readonly maxOutputMb?: number | undefined;
  /** Further files and folders of the machine that a sandbox shows, such as those of an interpreter. */
  readonly readable?: readonly string[] | undefined;
}
