import { isDmlError } from '@daggerml/object-model';
import { type LeftOutSource, type StubFacts, withheldError } from '@daggerml/store';
import type { RemotesConfig } from '../config/remotes-config.ts';
import type { Remote } from '../remote.ts';
import { leftOutDomain } from './fetch-filter.ts';
import type { FetchHost } from './fetch-host.ts';
import { LeftOutObjects } from './left-out-objects.ts';

/** A repository whose left-out objects are read on demand. */
export interface LeftOutSourceOptions {
  /** Returns the remotes of the repository; asked once something is read that was left out. */
  readonly remotes: () => RemotesConfig | Promise<RemotesConfig>;
  /** Opens the remote of a canonical URI. */
  readonly open: (uri: string) => Promise<Remote>;
  /** Store that keeps what is read. */
  readonly store: FetchHost;
}

/** Errors of a remote that cannot be asked now, or does not have something; another one may. */
const ELSEWHERE: readonly string[] = ['remote_unreachable', 'remote_missing', 'remote_refused'];

/** Creates the source of what was left out of a repository: its remotes, first the one that a stub names. */
export function leftOutSource(options: LeftOutSourceOptions): LeftOutSource {
  const opened = new Map<string, Promise<{ readonly remote: Remote; readonly objects: LeftOutObjects }>>();
  const openOnce = (uri: string): NonNullable<ReturnType<typeof opened.get>> => {
    const known = opened.get(uri);
    if (known !== undefined) return known;
    const opening = (async () => {
      const remote = await options.open(uri);
      return { remote, objects: new LeftOutObjects(remote, { store: options.store }) };
    })();
    opened.set(uri, opening);
    opening.catch(() => opened.delete(uri));
    return opening;
  };
  const bringFrom = async (uri: string, stubs: readonly StubFacts[]): Promise<void> => {
    const { objects } = await openOnce(uri);
    await objects.bring(stubs.map(({ class: objectClass, objectId: id }) => ({ class: objectClass, id })));
  };
  return {
    async bring(stubs) {
      const remotes = [...(await options.remotes()).values()];
      for (const domain of new Set(stubs.map((stub) => stub.domain))) {
        const wanted = stubs.filter((stub) => stub.domain === domain);
        const isNamed = ({ uri }: { readonly uri: string }): boolean => leftOutDomain(uri) === domain;
        const candidates = [...remotes.filter(isNamed), ...remotes.filter((each) => !isNamed(each))];
        await bringFromAny(candidates, wanted, bringFrom);
      }
    },
    async close() {
      for (const opening of opened.values())
        await opening.then(
          ({ remote }) => remote.files.close(),
          () => undefined,
        );
      opened.clear();
    },
  };
}

/**
 * Brings objects from the first remote that has them. A stub says nothing about what may be opened: only the remotes of
 * the repository are asked.
 *
 * @spec DML-REM-0955
 */
async function bringFromAny(
  remotes: readonly { readonly uri: string }[],
  wanted: readonly StubFacts[],
  bringFrom: (uri: string, stubs: readonly StubFacts[]) => Promise<void>,
): Promise<void> {
  const first = wanted[0] as StubFacts;
  let failure: Error | undefined;
  for (const { uri } of remotes) {
    try {
      return await bringFrom(uri, wanted);
    } catch (error) {
      if (!isDmlError(error) || !ELSEWHERE.includes(error.code)) throw error;
      // @spec DML-REM-0956
      failure ??= withheldError(first, error.words, error);
    }
  }
  throw failure ?? withheldError(first, 'that is no remote of this repository');
}
