/** xtext (RFC 3461 section 4): any printable ASCII but `+` and `=` as itself, everything else as `+HH`. */
export function xtext(text: string): string {
  // by code point: half of a pair is no character and has no bytes
  return text.replace(/[^!-*,-<>-~]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `+${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** utf-8-addr-xtext (RFC 6533 section 3): the same for an address that is not ASCII, by code points as `\x{HEX}`. */
export function utf8AddressXtext(address: string): string {
  return address.replace(/[^!-*,-<>-[\]-~]/gu, (character) => `\\x{${hex(character)}}`);
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0');
}
