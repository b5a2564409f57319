import { MessageError } from '../errors.ts';
import { type AtHand, contentOf, findContent, isSource, type Reach } from './content.ts';
import { base64Octets, base64Source, binarySource, linesSource } from './deferred.ts';
import { extraFields } from './extra-fields.ts';
import { refuseLoneSurrogates } from './forbidden.ts';
import { isGiven, stringOf } from './given.ts';
import { excerpt } from './lexer.ts';
import { mediaTypeOf, parseMediaType } from './media-type.ts';
import { Message } from './message.ts';
import type { Attachment, Content } from './message-init.ts';
import { MOVED_ATTACHMENT_FIELDS } from './moved-fields.ts';
import { refuseUnknown } from './nearest.ts';
import { filenameParameter, parameterField, plainFallback, tokenParameter } from './parameter.ts';
import type { Part } from './part.ts';
import { quotedPrintable } from './quoted-printable.ts';
import type { Source } from './source.ts';
import { base64Text, encodeText, latin1, refuseUnfit } from './text-body.ts';
import { quotedPrintableSource } from './text-source.ts';
import type { TransferEncoding, Way } from './transfer-encoding.ts';

const FIELDS: ReadonlySet<string> = new Set<keyof Attachment>([
  'filename',
  'content',
  'path',
  'href',
  'encoding',
  'contentType',
  'contentDisposition',
  'cid',
  'contentTransferEncoding',
  'headers',
  'httpHeaders',
  'raw',
]);

/** Octets up to which an encoded attachment is made at once rather than when it is sent. */
const AT_ONCE = 16 * 1024;

/** An identifier as Content-ID and `cid:` have it: visible ASCII but brackets (RFC 2392 percent-encodes the rest). */
const CONTENT_ID = /^[!-;=?-~]+$/;

/** How an attachment stands in the message: as a file of its own, or as another form of the text. */
export type Role = 'attachment' | 'alternative';

export interface PartContext {
  readonly reach: Reach;
  readonly way: Way;
}

/** One attachment or alternative as a part. */
export function attachmentPart(init: Attachment, field: string, role: Role, context: PartContext): Part {
  for (const name in init)
    if (!FIELDS.has(name)) refuseUnknown(name, FIELDS, `${field}.${name}`, MOVED_ATTACHMENT_FIELDS);
  if (isGiven(init.raw)) return rawPart(init.raw, field);
  const filename = filenameOf(init, field);
  const found = findContent(init, field, filename === undefined ? field : excerpt(filename), context.reach);
  const given = init.contentType && stringOf(init.contentType, `${field}.contentType`);
  const contentType = given || found.contentType || typeByName(init, filename);
  const body = encodeContent(found, contentType, init, field, role, context);
  return { head: head(init, field, role, filename, contentType, found, body.encoding), ...body };
}

/** What the name says; a message that was composed is one, whatever it is called. */
function typeByName(init: Attachment, filename: string | undefined): string {
  if (init.content instanceof Message) return init.content.smtpUtf8 ? 'message/global' : 'message/rfc822';
  return mediaTypeOf(filename ?? locationName(init) ?? '');
}

/** A part that the caller wrote, header and all. It reads nothing by itself. */
export function rawPart(raw: Content, field: string): Part {
  const found = contentOf(raw, undefined, `${field}.raw`, field);
  if (isSource(found)) return { head: '', body: linesSource(found, true), encoding: '8bit', verbatim: true };
  const octets = typeof found.octets === 'string' ? utf8(found.octets, `${field}.raw`) : found.octets;
  const { encoding, body } = verbatim(octets);
  return { head: '', body, encoding, verbatim: true };
}

function head(
  init: Attachment,
  field: string,
  role: Role,
  filename: string | undefined,
  contentType: string,
  found: AtHand | Source,
  encoding: TransferEncoding,
): string {
  const type = parseMediaType(contentType, `${field}.contentType`);
  if (/^multipart\//i.test(type.essence) && !type.parameters.has('boundary')) {
    throw new MessageError('BAD_INPUT', `${field}.contentType`, 'is a multipart, and does not say its boundary');
  }
  const text = isSource(found) || typeof found.octets !== 'string' ? undefined : found.octets;
  const parameters: string[] = [];
  for (const [name, value] of type.parameters) {
    const said = name === 'charset' && text !== undefined ? charsetOf(text, value) : value;
    if (filename === undefined || !/^name(?:\*|$)/.test(name))
      parameters.push(...tokenParameter(name, said, `${field}.contentType`));
  }
  const isText = text !== undefined && /^text\//i.test(type.essence);
  if (isText && !type.parameters.has('charset')) parameters.push('charset=utf-8');
  const disposition = dispositionOf(init, role, field);
  const fullName = (parameter: 'filename' | 'name'): string[] =>
    filename === undefined ? [] : filenameParameter(parameter, filename, `${field}.filename`);
  if (disposition === undefined) parameters.push(...fullName('name'));
  // Where the disposition has the name in full, a plain one stands here for old readers.
  else if (filename !== undefined) parameters.push(`name="${plainFallback(filename)}"`);
  let lines = parameterField('Content-Type', type.essence, parameters);
  if (encoding !== '7bit') lines += `Content-Transfer-Encoding: ${encoding}\r\n`;
  if (disposition !== undefined) lines += parameterField('Content-Disposition', disposition, fullName('filename'));
  if (isGiven(init.cid)) lines += `Content-ID: <${contentId(init.cid, field)}>\r\n`;
  return lines + extraFields(init.headers, `${field}.headers`);
}

/** A text that is given as a string goes out in UTF-8, whatever somebody wrote beside it. */
function charsetOf(text: string, said: string): string {
  const isTrue = /^utf-?8$/i.test(said) || (/^[\0-\x7f]*$/.test(text) && !/^utf-?(?:16|32|7)/i.test(said));
  return isTrue ? said : 'utf-8';
}

/** A Content-ID without its angle brackets. */
export function contentId(cid: string, field: string): string {
  const bare = stringOf(cid, `${field}.cid`).replace(/^<(.*)>$/, '$1');
  if (CONTENT_ID.test(bare) && bare.length <= 900) return bare;
  const isLineEnd = /[\0\r\n]/.test(bare);
  throw new MessageError(
    isLineEnd ? 'FORBIDDEN_CHARACTER' : 'BAD_INPUT',
    `${field}.cid`,
    `${excerpt(bare)} can't be a Content-ID`,
  );
}

function dispositionOf(init: Attachment, role: Role, field: string): string | undefined {
  const given = init.contentDisposition;
  if (!isGiven(given)) {
    if (role === 'alternative') return undefined;
    return init.cid ? 'inline' : 'attachment';
  }
  const lower = typeof given === 'string' ? given.trim().toLowerCase() : '';
  if (lower === 'attachment' || lower === 'inline') return lower;
  throw new MessageError(
    'BAD_INPUT',
    `${field}.contentDisposition`,
    `${excerpt(given)} is neither "attachment" nor "inline"`,
  );
}

function filenameOf(init: Attachment, field: string): string | undefined {
  const { filename } = init;
  if (filename === false || filename === '') return undefined;
  if (typeof filename === 'string') return filename;
  if (filename !== undefined && filename !== null)
    throw new MessageError('BAD_INPUT', `${field}.filename`, 'is not a string');
  return fileName(init.content) ?? locationName(init);
}

/** A File brings its name. (Node 20 has the class, and no global type for it.) */
function fileName(content: unknown): string | undefined {
  if (!(content instanceof Blob) || !('name' in content) || typeof content.name !== 'string') return undefined;
  return content.name.split(/[/\\]/).pop() || undefined;
}

/** The last step of a path or URL: folders are the sender's own business. */
function locationName(init: Attachment): string | undefined {
  const given: unknown = init.path || init.href;
  // What is neither a text nor a URL is refused where it would be read.
  const place = typeof given === 'string' || given instanceof URL ? String(given) : '';
  if (place === '' || /^data:/i.test(place)) return undefined;
  const path = /^[a-z]+:\/\//i.test(place) ? decodedPath(place) : place;
  return path.split(/[/\\]/).pop() || undefined;
}

function decodedPath(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return '';
  }
}

/** The transfer encoding that the caller wants, whatever the case of its name (RFC 2045 section 6.1). */
function wantedEncoding({ contentTransferEncoding: given }: Attachment, field: string): TransferEncoding | undefined {
  if (!isGiven(given)) return undefined;
  return stringOf(given, `${field}.contentTransferEncoding`).trim().toLowerCase() as TransferEncoding;
}

type Encoded = Pick<Part, 'body' | 'encoding'>;

function encodeContent(
  found: AtHand | Source,
  contentType: string,
  init: Attachment,
  field: string,
  role: Role,
  context: PartContext,
): Encoded {
  const wanted = wantedEncoding(init, field);
  if (/^\s*(?:message|multipart)\//i.test(contentType)) return encodeEntity(found, wanted, field);
  if (isSource(found)) return encodeSource(found, wanted, field, context);
  const { octets } = found;
  const isText = /^\s*text\//i.test(contentType);
  if (typeof octets === 'string' && isText && role === 'alternative' && wanted === undefined) {
    return encodeText(octets, `${field}.content`, context.way);
  }
  const bytes = typeof octets === 'string' ? utf8(octets, `${field}.content`) : octets;
  switch (wanted) {
    case 'quoted-printable':
      return { encoding: 'quoted-printable', body: latin1(quotedPrintable(bytes, 'octets')) };
    case '7bit': {
      const text = Buffer.from(bytes).toString('latin1');
      refuseUnfit(text, field);
      return { encoding: '7bit', body: text.replace(/\r?\n/g, '\r\n') };
    }
    case '8bit':
      return verbatim(bytes);
    case undefined:
      if (context.way === 'binary') return { encoding: 'binary', body: bytes };
      break;
    case 'binary':
      return { encoding: 'binary', body: bytes };
    case 'base64':
      break;
    default:
      refuseEncoding(wanted, field);
  }
  // Line ends of a file must come back as they were, so a file goes out in base64, text or not.
  const isSmall = bytes.length <= AT_ONCE;
  return { encoding: 'base64', body: isSmall ? base64Text(bytes) : base64Octets(bytes) };
}

function utf8(text: string, field: string): Uint8Array {
  refuseLoneSurrogates(text, field);
  return Buffer.from(text, 'utf8');
}

function encodeSource(
  source: Source,
  wanted: TransferEncoding | undefined,
  field: string,
  context: PartContext,
): Encoded {
  switch (wanted) {
    case undefined:
      if (context.way === 'binary') return { encoding: 'binary', body: binarySource(source) };
      return { encoding: 'base64', body: base64Source(source) };
    case 'base64':
      return { encoding: 'base64', body: base64Source(source) };
    case 'quoted-printable':
      return { encoding: 'quoted-printable', body: quotedPrintableSource(source) };
    case 'binary':
      return { encoding: 'binary', body: binarySource(source) };
    case '7bit':
    case '8bit':
      return { encoding: wanted, body: linesSource(source, wanted === '8bit') };
    default:
      return refuseEncoding(wanted, field);
  }
}

function refuseEncoding(wanted: string, field: string): never {
  throw new MessageError('BAD_INPUT', `${field}.contentTransferEncoding`, `${excerpt(wanted)} can't be used here`);
}

/** What holds entities of its own is never encoded (RFC 2045 section 6.4): their encodings must stay what they are. */
function encodeEntity(found: AtHand | Source, wanted: TransferEncoding | undefined, field: string): Encoded {
  if (wanted === 'base64' || wanted === 'quoted-printable') refuseEncoding(wanted, field);
  if (isSource(found)) {
    const encoding = found.is7bit === true ? '7bit' : '8bit';
    return { encoding, body: linesSource(found, encoding === '8bit') };
  }
  return verbatim(typeof found.octets === 'string' ? utf8(found.octets, `${field}.content`) : found.octets);
}

/** Octets as they are, under the narrowest encoding that is true of them; bare line ends become CRLF unless binary. */
function verbatim(bytes: Uint8Array): { encoding: '7bit' | '8bit' | 'binary'; body: string | Uint8Array } {
  const octets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = octets.toString('latin1');
  if (text.includes('\0')) return { encoding: 'binary', body: bytes };
  const lines = text.replace(/\r\n|\r|\n/g, '\r\n');
  if (/[^\r\n]{999}/.test(lines)) return { encoding: 'binary', body: bytes };
  if (/^[\0-\x7f]*$/.test(lines)) return { encoding: '7bit', body: lines };
  return { encoding: '8bit', body: Buffer.from(lines, 'latin1') };
}
