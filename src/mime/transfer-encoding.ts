/** Content-Transfer-Encoding (RFC 2045 section 6). */
export type TransferEncoding = '7bit' | '8bit' | 'binary' | 'quoted-printable' | 'base64';

/** What the way to the recipient can carry; RFC 6152 and RFC 3030 are what makes it more than 7bit. */
export type Way = '7bit' | '8bit' | 'binary';
