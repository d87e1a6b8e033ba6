/** Next steps that several errors share. */
export const DAMAGED: string =
  'run "dml verify" to see what else is damaged; a copy of the repository may still have it';
export const DEFECT: string =
  'this is a defect of dml: run it again with DML_DEBUG=1 and report what it prints';
export const UPDATE: string = 'update dml: install the newest @daggerml/cli';
export const AGAIN: string = 'run it again; finished calls are kept';
