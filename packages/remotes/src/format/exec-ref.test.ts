import { generateKeyPairSync } from 'node:crypto';
import type { CommitId, ExecutionKey } from '@daggerml/object-model';
import { describe, expect, it } from 'vitest';
import { execSigner } from '../signatures/exec-signature.ts';
import { decodeExecRef, type ExecRef, encodeExecRef, execRefPath } from './exec-ref.ts';

const UUID = '11111111-2222-4333-8444-555555555555';
const COMMIT = 'ab'.repeat(32) as CommitId;
const FILE = `0-${'c'.repeat(64)}-${'d'.repeat(32)}`;
const JOB = execRefPath('exec', UUID);
const RESULT = execRefPath('results', UUID);

const REF: ExecRef = {
  commit: COMMIT,
  groups: [{ bytes: 9, entries: 1, index: FILE, kind: 'loose', segments: [{ bytes: 7, file: FILE }] }],
  key: 'ef'.repeat(32) as ExecutionKey,
  needs: { gpu: 1, linux: true },
  owner: 'ada',
  problem: null,
  signature: undefined,
  timeMs: 5,
  write: UUID,
};

function refusal(value: unknown, path = JOB): unknown {
  try {
    decodeExecRef(encodeExecRef(value as ExecRef), path, 'memory');
    return 'accepted';
  } catch (error) {
    const { code, detail } = error as { code: string; detail: string };
    return `${code} ${detail}`;
  }
}

describe('an exec ref', () => {
  it('is canonical JSON of the form of the document [DML-REM-1801]', () => {
    expect(encodeExecRef(REF).toString()).toBe(
      `{"commit":"${COMMIT}","format":1,"groups":[{"bytes":9,"entries":1,"index":"${FILE}","kind":"loose",` +
        `"segments":[{"bytes":7,"file":"${FILE}"}]}],"key":"${REF.key}","needs":{"gpu":1,"linux":true},` +
        `"owner":"ada","problem":null,"signature":null,"timeMs":5,"write":"${UUID}"}\n`,
    );
    expect(decodeExecRef(encodeExecRef(REF), JOB, 'memory')).toEqual(REF);
    const { privateKey } = generateKeyPairSync('ed25519');
    const signer = execSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'key.pem');
    const signed = { ...REF, signature: signer.signCommit(COMMIT) };
    expect(decodeExecRef(encodeExecRef(signed), JOB, 'memory')).toEqual(signed);
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ ...REF, commit: 'x' }, 'form'],
      [{ ...REF, key: 'x' }, 'form'],
      [{ ...REF, groups: [{}] }, 'form'],
      [{ ...REF, needs: { gpu: 0 } }, 'form'],
      [{ ...REF, needs: { '../x': 1 } }, 'form'],
      [{ ...REF, needs: [] }, 'form'],
      [{ ...REF, owner: '' }, 'form'],
      [{ ...REF, timeMs: -1 }, 'form'],
      [{ ...REF, write: 'x' }, 'form'],
      [{ ...REF, more: 1 }, 'form'],
      [{ ...signed, signature: { signer: 'did:key:z6', bytes: Buffer.alloc(64) } }, 'form'],
      [{ ...signed, signature: { ...signed.signature, bytes: Buffer.alloc(63) } }, 'form'],
      [{ ...REF, owner: 'x'.repeat(2 ** 20) }, 'length'],
    ];
    for (const [value, detail] of wrong) expect(refusal(value)).toBe(`remote_damaged ${detail}`);
    const decode = (text: string): unknown => decodeExecRef(Buffer.from(text), JOB, 'memory');
    const text = encodeExecRef(REF).toString();
    expect(() => decode(text.replace('"format":1', '"format":2'))).toThrow(
      expect.objectContaining({ code: 'remote_format_newer' }),
    );
    expect(() => decode(text.replace('{"commit"', '{ "commit"'))).toThrow(
      expect.objectContaining({ code: 'remote_damaged', detail: 'not_canonical' }),
    );
    expect(() => decode(text.slice(0, 40))).toThrow(expect.objectContaining({ code: 'remote_damaged' }));
  });

  it('has a commit or a problem, and that of a job a commit [DML-REM-1802]', () => {
    const problem = { code: 'timeout', reason: 'too long' };
    expect(refusal({ ...REF, problem })).toBe('remote_damaged form');
    expect(refusal({ ...REF, commit: null })).toBe('remote_damaged form');
    const failed = { ...REF, commit: null, problem };
    expect(refusal(failed)).toBe('remote_damaged form');
    expect(refusal(failed, RESULT)).toBe('accepted');
    expect(refusal(REF, RESULT)).toBe('accepted');
  });
});
