import { parameterField } from './parameter.ts';
import type { Deferred, SegmentList } from './segment.ts';
import { token } from './token.ts';
import type { TransferEncoding } from './transfer-encoding.ts';

/** A MIME entity (RFC 2045): its own header fields, and a body that is content or more entities. */
export interface Part {
  /** The Content- fields, each with its CRLF; empty for a part that brings its own. */
  readonly head: string;
  /** A string is ASCII with CRLF line ends; nothing here ends in the CRLF that belongs to a boundary. */
  readonly body: string | Uint8Array | Deferred | Multipart;
  readonly encoding: TransferEncoding;
  /** True for a part that was given whole: its header stands in its body. */
  readonly verbatim?: boolean;
}

export interface Multipart {
  readonly boundary: string;
  readonly parts: readonly Part[];
}

/** Several parts as one (RFC 2046 section 5.1). */
export function multipart(subtype: string, parts: readonly Part[], parameters: readonly string[] = []): Part {
  // "=_" can't stand in quoted-printable or base64, and 144 random bits stand nowhere by accident or by intent.
  const boundary = `=_${token()}`;
  const pieces = [...parameters, `boundary="${boundary}"`];
  const head = parameterField('Content-Type', `multipart/${subtype}`, pieces);
  return { head, body: { boundary, parts }, encoding: widest(parts) };
}

/** A multipart is as wide as the widest of its parts (RFC 2045 section 6.4); encoded parts are 7bit. */
export function widest(parts: readonly Part[]): TransferEncoding {
  let found: TransferEncoding = '7bit';
  for (const part of parts) {
    if (part.encoding === 'binary') return 'binary';
    if (part.encoding === '8bit') found = '8bit';
  }
  return found;
}

/** Writes the part out, from its first header field to its last octet. */
export function render(part: Part, out: SegmentList): void {
  if (part.verbatim !== true) {
    out.text(part.head);
    if (isMultipart(part.body) && part.encoding !== '7bit') out.text(`Content-Transfer-Encoding: ${part.encoding}\r\n`);
    out.text('\r\n');
  }
  const body = part.body;
  if (!isMultipart(body)) {
    out.add(body);
    return;
  }
  for (const [index, child] of body.parts.entries()) {
    out.text(`${index === 0 ? '' : '\r\n'}--${body.boundary}\r\n`);
    render(child, out);
  }
  // The CRLF behind it belongs to what follows: the next delimiter, or the end of the message.
  out.text(`\r\n--${body.boundary}--`);
}

export function isMultipart(body: Part['body']): body is Multipart {
  return typeof body === 'object' && 'boundary' in body;
}

/** Does the body end in CRLF by itself, or is there none? Of content that is yet to be read nothing is known. */
export function endsInLine(body: Part['body']): boolean {
  if (typeof body === 'string') return body === '' || body.endsWith('\r\n');
  if (body instanceof Uint8Array) return body.length === 0 || (body.at(-2) === 0x0d && body.at(-1) === 0x0a);
  return 'endsInLine' in body && body.endsInLine === true;
}
