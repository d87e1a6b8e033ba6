import type { TrustPolicy } from '@daggerml/remotes';
import { remotesPath } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import { repositoryFolder, withStore } from '../invocation/repository-access.ts';
import { remotesOf } from '../process/remote-session.ts';
import type { Output } from '../render/output.ts';

/** Runs `dml remote trust <name> [keys]`. */
export async function run(context: CommandContext): Promise<void> {
  const { output, args, options } = context;
  const [name = '', keys] = args;
  const { findRemote, setTrust } = await import('@daggerml/remotes');
  // Whoever may not have written the file says nothing about trust.
  const { trust: before } = findRemote(await remotesOf(context), name);
  if (keys === undefined && options.unsigned !== true && options.all !== true)
    return show(output, name, before);
  const trust = options.all === true ? undefined : policyOf(keys, options.unsigned === true);
  const path = remotesPath(repositoryFolder(context));
  // Whoever holds the write lock changes the file alone. @spec DML-REM-1233
  await withStore(context, 'write', (_reader, store) =>
    store.transact('remote/trust', () => setTrust(path, name, trust)),
  );
  show(output, name, trust);
}

function policyOf(keys: string | undefined, unsigned: boolean): TrustPolicy {
  const names = (keys ?? '').split(',').map((key) => key.trim());
  return { keys: [...new Set(names.filter((key) => key !== ''))].sort(), unsigned };
}

function show(output: Output, name: string, trust: TrustPolicy | undefined): void {
  output.result({ remote: name, trust: trust ?? null }, () => {
    if (trust === undefined) return `all outcomes of ${output.safe(name)} are trusted`;
    const unsigned = trust.unsigned ? ['and those that none of these has signed'] : [];
    const signed = trust.keys.length === 0 ? ['no signature'] : trust.keys.map((key) => output.safe(key));
    return [`outcomes of ${output.safe(name)} are trusted that are signed by`, ...signed, ...unsigned];
  });
}
