/** SHA-256 over bytes that arrive in parts. */
export interface Sha256Stream {
  /** Takes the next bytes; they may be reused once this returns. */
  update(bytes: Uint8Array): void;
  /** Returns the 64 lowercase hex digits; the stream must not be used afterwards. */
  digestHex(): string;
}
