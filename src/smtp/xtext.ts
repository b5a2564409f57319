/** xtext (RFC 3461 section 4): any printable ASCII but `+` and `=` as itself, everything else as `+HH`. */
export function xtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/gu, (character) =>
    [...Buffer.from(character, 'utf8')].map((byte) => `+${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
