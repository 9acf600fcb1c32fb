// Addresses and networks, to say which of a device's addresses is the odd one.

type Address = { bits: 32 | 128; value: bigint };

/** Reads an IPv4 or IPv6 address; null if it is neither. */
export function parseAddress(text: string): Address | null {
  if (!text.includes(":")) return parseV4(text);
  return parseV6(text);
}

function parseV4(text: string): Address | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return { bits: 32, value: parts.reduce((value, part) => value * 256n + BigInt(part), 0n) };
}

function parseV6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [left, right] = halves.map(groupsOf);
  if (!left || (halves.length === 2 && !right)) return null;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...left, ...Array.from({ length: missing }, () => 0n), ...(right ?? [])];
  const value = groups.reduce((sum, group) => sum * 65_536n + group, 0n);
  // An IPv4 address in IPv6 clothes is that address.
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

/** The 16-bit groups of one side of `::`; the last may be written as an IPv4 address. */
function groupsOf(text: string): bigint[] | null {
  if (text === "") return [];
  const groups: bigint[] = [];
  for (const part of text.split(":")) {
    if (part.includes(".")) {
      const v4 = parseV4(part);
      if (!v4) return null;
      groups.push(v4.value >> 16n, v4.value & 0xffffn);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return null;
    }
  }
  return groups.length <= 8 ? groups : null;
}

/** Whether `address` lies in `network` (`10.0.0.0/8`, or a single address); false if one cannot be read. */
export function isInNetwork(address: string, network: string): boolean {
  const [base = "", length] = network.split("/");
  const [inner, outer] = [parseAddress(address.split("/")[0] ?? ""), parseAddress(base)];
  if (!inner || !outer || inner.bits !== outer.bits) return false;
  const bits = length === undefined ? outer.bits : Number(length);
  if (!Number.isInteger(bits) || bits < 0 || bits > outer.bits) return false;
  const shift = BigInt(outer.bits - bits);
  return inner.value >> shift === outer.value >> shift;
}
