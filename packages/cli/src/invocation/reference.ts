import { allHelp } from './program.ts';

/**
 * Returns `docs/cli.md`: the help of every command, word for word.
 *
 * @spec DML-CLI-0308
 */
export function cliReference(): string {
  const sections = allHelp().map(({ name, text }) => `## ${name}\n\n\`\`\`text\n${text.trim()}\n\`\`\`\n`);
  return [
    '# The dml command\n',
    'What `dml --help` and `dml <command> --help` print. Generated: `pnpm --filter @daggerml/cli docs` renews it.\n',
    ...sections,
  ].join('\n');
}
