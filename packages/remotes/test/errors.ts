import { DmlError } from '@daggerml/object-model';

/** Returns code and detail of the error that something throws; fails where it throws none, or any other. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return describe(error);
  }
  return 'accepted';
}

/** Returns code and detail of the error that something rejects with. */
export async function rejection(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
  } catch (error) {
    return describe(error);
  }
  return 'accepted';
}

function describe(error: unknown): string {
  if (!(error instanceof DmlError)) throw error;
  return error.detail === undefined ? error.code : `${error.code} ${error.detail}`;
}
