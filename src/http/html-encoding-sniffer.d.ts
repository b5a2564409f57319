/** What is used of the package, which has no types of its own. */
declare module 'html-encoding-sniffer' {
  /** The name of an encoding, or `defaultEncoding` where the bytes name none. */
  export default function sniff(bytes: Uint8Array, options: { readonly defaultEncoding: string }): string;
}
