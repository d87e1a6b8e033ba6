/** Returns the standard base64 of bytes without padding. */
export function formatBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/=+$/, '');
}

/** Returns the bytes of digits of standard base64 without padding; undefined where bits are left over. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return formatBase64(bytes) === text ? bytes : undefined;
}
