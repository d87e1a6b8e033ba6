import { generateKeyPairSync } from 'node:crypto';
import type { CommitId, ReferenceId } from '@daggerml/object-model';
import { referenceRef, type Store, verifyStore, type WithholdPolicy } from '@daggerml/store';
import { type PublishResult, publish } from '../src/federation/publish.ts';
import { type TakeResult, takeReference } from '../src/federation/take-reference.ts';
import type { Publication } from '../src/format/publication.ts';
import { readIndex } from '../src/levels/merge-groups.ts';
import { type DomainSigner, domainSigner } from '../src/signatures/publication-signature.ts';
import { advance } from '../src/state/advance.ts';
import { readSnapshot } from '../src/state/read-snapshot.ts';
import { MemoryRemote } from '../src/testing/memory-remote.ts';
import { idOfText, openFixture, remoteOver } from './fixtures.ts';

/** Returns a text that stands outside of its collection. */
export const long = (text: string): string => text.padEnd(200, '.');

export function newSigner(): DomainSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return domainSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
}

/** A domain: a repository, a key and a remote for what it publishes. */
export class Domain {
  readonly signer = newSigner();
  readonly memory: MemoryRemote = new MemoryRemote();
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  static async create(): Promise<Domain> {
    return new Domain(await openFixture());
  }

  async publish(
    commitId: CommitId | null,
    options: {
      name?: string;
      policy?: WithholdPolicy;
      release?: boolean;
      references?: ReadonlyMap<string, ReferenceId>;
      signer?: DomainSigner;
    } = {},
  ): Promise<PublishResult> {
    const { store, signer } = this;
    return await publish(remoteOver(this.memory.open(), 7), {
      store,
      name: 'model',
      commitId,
      signer,
      ...options,
    });
  }

  async take(
    from: Domain,
    options: { name?: string; published?: string; domain?: string } = {},
  ): Promise<TakeResult> {
    const { store } = this;
    return await takeReference(remoteOver(from.memory.open(), 9), {
      store,
      name: 'them',
      published: 'model',
      ...options,
    });
  }

  commitOf(name: string): CommitId | undefined {
    return this.store.getRef(referenceRef(name))?.commitId;
  }

  /** Changes what is published without the key of the domain, as whoever writes to the bucket may. */
  async tamper(change: (publication: Publication) => Publication, name = 'model'): Promise<void> {
    await advance(remoteOver(this.memory.open(), 11), async ({ state }) => ({
      reason: 'tampered',
      published: { ...state.published, [name]: change(state.published?.[name] as Publication) },
    }));
  }

  /** Lists the objects that any group of the remote has, as `class id`. */
  async shared(): Promise<Set<string>> {
    const files = this.memory.open();
    const { state } = await readSnapshot(files);
    const all = new Set<string>();
    for (const group of state.groups) {
      const index = await readIndex(files, group);
      for (let at = 0; index !== undefined && at < index.count; at += 1) {
        const row = index.row(at);
        all.add(`${row.class} ${row.id}`);
      }
    }
    return all;
  }
}

export function datumOf(store: Store, text: string): boolean {
  return store.has('datum', idOfText(text));
}

export async function findings(store: Store): Promise<string[]> {
  const found: string[] = [];
  await verifyStore(store, { onFinding: ({ code }) => void found.push(code) });
  return found;
}
