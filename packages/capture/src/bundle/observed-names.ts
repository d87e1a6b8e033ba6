/**
 * Returns which names of functions and classes the code of a short bundle may read. What is no reading of a name but
 * looks like one counts: any property called `name`, and the text `name` as a possible key.
 */
export function observedNames(text: string): 'none' | 'constructors' | 'all' {
  const written = HELPERS.reduce((rest, helper) => rest.replace(helper, ''), text);
  if (READS_NAME.test(written)) return 'all';
  return /\bconsole\b/.test(written) ? 'constructors' : 'none';
}

/** Helpers that the bundler adds. */
const HELPERS = [/"name",\{value:/, /[\w$]+=Object\.getOwnPropertyNames/];

const READS_NAME =
  /\.name\b|["'`]name["'`]|[{,]name:|\b(getOwnPropertyNames|getOwnPropertyDescriptors|ownKeys)\b|["'](node:)?(util|assert|assert\/strict)["']/;
