const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/;
const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IP_FUTURE = /^[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/;
/** Groups of 16 bits in an IPv6 address. */
const GROUPS = 8;

/** Checks whether a host is an `IP-literal` of RFC 3986: brackets around an IPv6 or a later address. */
export function isIpLiteral(host: string): boolean {
  if (!host.startsWith('[') || !host.endsWith(']')) return false;
  const address = host.slice(1, -1);
  return IP_FUTURE.test(address) || isIpv6(address);
}

function isIpv6(address: string): boolean {
  const [before, after, ...more] = address.split('::');
  if (more.length > 0) return false;
  // An IPv4 address may only end the whole, so not the part before `::`.
  if (after === undefined) return countGroups(before!, true) === GROUPS;
  return countGroups(before!, false) + countGroups(after, true) < GROUPS;
}

/** Returns the number of groups between colons, `Infinity` when one of them is malformed. */
function countGroups(text: string, mayEndInIpv4: boolean): number {
  if (text === '') return 0;
  const parts = text.split(':');
  const endsInIpv4 = mayEndInIpv4 && IPV4.test(parts.at(-1)!);
  const groups = endsInIpv4 ? parts.slice(0, -1) : parts;
  if (!groups.every((group) => HEX_GROUP.test(group))) return Number.POSITIVE_INFINITY;
  return groups.length + (endsInIpv4 ? 2 : 0);
}
