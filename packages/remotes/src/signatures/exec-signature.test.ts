import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { ExecId } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../test/errors.ts';
import { joinCache, outcomesOf } from '../../test/outcomes.ts';
import type { OutcomeToPublish } from '../cache/cache-publisher.ts';
import { RemoteCache, type RemoteCacheOptions } from '../cache/remote-cache.ts';
import { MemoryRemote } from '../testing/memory-remote.ts';
import { didKeyOf, keyOfDid } from './did-key.ts';
import { type ExecSigner, ExecTrust, execSigner } from './exec-signature.ts';

const EXEC = 'ab'.repeat(32) as ExecId;

function newSigner(): ExecSigner {
  const { privateKey } = generateKeyPairSync('ed25519');
  return execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
}

describe('a key id', () => {
  it('is the did:key of an Ed25519 key', () => {
    const raw = '2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6';
    const key = createPublicKey({
      key: Buffer.from(`302a300506032b6570032100${raw}`, 'hex'),
      format: 'der',
      type: 'spki',
    });
    expect(didKeyOf(key)).toBe('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK');
    for (let keys = 0; keys < 20; keys += 1) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      expect(didKeyOf(privateKey)).toBe(didKeyOf(publicKey));
      expect(keyOfDid(didKeyOf(publicKey))?.equals(publicKey)).toBe(true);
    }
    const others = [
      '',
      'did:key:z',
      'did:web:example.com',
      'did:key:z6Mk0',
      `${didKeyOf(key)}1`,
      `did:key:z${'1'.repeat(48)}`,
    ];
    for (const text of others) expect(keyOfDid(text), text).toBeUndefined();
  });
});

describe('a signature', () => {
  it('is checked over the encoding of DSSE with the key that its key id names [DML-REM-1501]', () => {
    const signer = newSigner();
    const { bytes } = signer.sign(EXEC);
    const key = keyOfDid(signer.signer) as NonNullable<ReturnType<typeof keyOfDid>>;
    const type = 'application/vnd.daggerml.exec';
    expect(verify(null, Buffer.from(`DSSEv1 29 ${type} 64 ${EXEC}`), key, bytes)).toBe(true);
    const trust = new ExecTrust({ keys: [signer.signer], unsigned: false });
    expect(trust.accepts(EXEC, { signer: signer.signer, bytes })).toBe(true);
    for (let at = 0; at < 64; at += 1) {
      const torn = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
      expect(trust.accepts(EXEC, { signer: signer.signer, bytes: torn })).toBe(false);
    }
    // Signed by another key, and over another encoding or class.
    const other = newSigner();
    expect(trust.accepts(EXEC, { signer: signer.signer, bytes: other.sign(EXEC).bytes })).toBe(false);
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const own = didKeyOf(publicKey);
    const trustOwn = new ExecTrust({ keys: [own], unsigned: false });
    for (const text of [EXEC, `DSSEv1 31 application/vnd.daggerml.commit 64 ${EXEC}`])
      expect(trustOwn.accepts(EXEC, { signer: own, bytes: sign(null, Buffer.from(text), privateKey) })).toBe(
        false,
      );
  });

  it('of another exec counts as none [DML-REM-1502]', () => {
    const signer = newSigner();
    const trust = new ExecTrust({ keys: [signer.signer], unsigned: false });
    expect(trust.accepts('cd'.repeat(32) as ExecId, signer.sign(EXEC))).toBe(false);
  });

  it('is made with an Ed25519 key and no other [DML-REM-1506]', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const { publicKey } = generateKeyPairSync('ed25519');
    const pems = [
      'no key',
      rsa.export({ type: 'pkcs8', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'pem' }),
    ];
    for (const pem of pems) expect(refusal(() => execSigner(pem, 'key.pem'))).toBe('signing_key_invalid');
  });
});

describe('the cache of a remote', () => {
  /** Publishes outcomes with some options, and returns how many of them somebody with others finds. */
  class Party {
    readonly memory: MemoryRemote = new MemoryRemote();
    readonly helper: ReturnType<typeof joinCache> = joinCache(this.memory);
    readonly untrusted: (string | undefined)[] = [];

    async publish(outcomes: readonly OutcomeToPublish[], options: RemoteCacheOptions): Promise<void> {
      const cache = new RemoteCache(this.helper.remote, options);
      const published = cache.publish(outcomes, this.helper.held);
      cache.flush();
      await published;
    }

    async find(outcomes: readonly OutcomeToPublish[], options: RemoteCacheOptions): Promise<number> {
      const onUntrusted = (signer: string | undefined): void => void this.untrusted.push(signer);
      const cache = new RemoteCache(this.helper.remote, { ...options, onUntrusted });
      let count = 0;
      for await (const part of cache.lookUp(outcomes.map(({ executionKey }) => executionKey)))
        count += part.size;
      return count;
    }
  }

  it('is judged by a policy that names keys, and whether what is not signed is trusted [DML-REM-1503]', async () => {
    const party = new Party();
    const [signer, other] = [newSigner(), newSigner()];
    const [signed, unsigned, others] = ['signed', 'unsigned', 'others'].map((prefix) =>
      outcomesOf(party.helper.held, 2, prefix),
    ) as [OutcomeToPublish[], OutcomeToPublish[], OutcomeToPublish[]];
    await party.publish(signed, { signer });
    await party.publish(unsigned, {});
    await party.publish(others, { signer: other });
    const all = [...signed, ...unsigned, ...others];
    const trust = (keys: readonly string[], isUnsigned = false): RemoteCacheOptions => ({
      trust: { keys, unsigned: isUnsigned },
    });
    expect(await party.find(all, {})).toBe(6);
    expect(party.untrusted).toEqual([]);
    expect(await party.find(all, trust([signer.signer]))).toBe(2);
    expect(party.untrusted.sort()).toEqual([other.signer, other.signer, undefined, undefined]);
    expect(await party.find(all, trust([signer.signer, other.signer]))).toBe(4);
    expect(await party.find(all, trust([]))).toBe(0);
    // Whoever trusts what nobody has signed trusts what somebody else has signed.
    expect(await party.find(all, trust([], true))).toBe(6);
    // The own key is trusted.
    expect(await party.find(all, { ...trust([]), signer: other })).toBe(2);
  });

  it('holds signed entries where a key is given, also after merges [DML-REM-1504]', async () => {
    const party = new Party();
    const signer = newSigner();
    const all: OutcomeToPublish[] = [];
    for (let at = 0; at < 12; at += 1) {
      const outcomes = outcomesOf(party.helper.held, 3, `batch ${at}`);
      all.push(...outcomes);
      await party.publish(outcomes, at === 5 ? {} : { signer });
    }
    const trust = { keys: [signer.signer], unsigned: false };
    expect(await party.find(all, { trust })).toBe(33);
    expect(await party.find(all, { trust, wholeBytes: 0 })).toBe(33);
    expect(await party.find(all, {})).toBe(36);
  });

  it('misses what only a key has signed that was removed from the policy, and takes it from others [DML-REM-1505]', async () => {
    const party = new Party();
    const [removed, signer] = [newSigner(), newSigner()];
    const outcomes = outcomesOf(party.helper.held, 3);
    const trust = { keys: [signer.signer], unsigned: false };
    await party.publish(outcomes, { signer: removed });
    expect(await party.find(outcomes, { trust: { keys: [removed.signer], unsigned: false } })).toBe(3);
    expect(await party.find(outcomes, { trust })).toBe(0);
    // What was computed again takes the place of what is not trusted.
    await party.publish(outcomes, { signer, trust });
    expect(await party.find(outcomes, { trust })).toBe(3);
  });

  it('takes nothing that its own policy would not trust [DML-REM-1229]', async () => {
    const party = new Party();
    const outcomes = outcomesOf(party.helper.held, 3);
    const trust = { keys: [newSigner().signer], unsigned: false };
    await party.publish(outcomes, { trust });
    expect(party.memory.paths).toEqual([]);
    await party.publish(outcomes, { trust: { ...trust, unsigned: true } });
    expect(await party.find(outcomes, {})).toBe(3);
  });
});
