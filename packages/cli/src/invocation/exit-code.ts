/** Exit codes of `dml`; the numbers are part of the contract. */
export const EXIT = {
  done: 0,
  defect: 1,
  usage: 2,
  unknownObject: 3,
  ambiguous: 4,
  notARepository: 5,
  refused: 6,
  callFailed: 7,
  infrastructure: 8,
  newer: 9,
  storage: 10,
  damage: 11,
  pipeline: 12,
  unsafe: 13,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
