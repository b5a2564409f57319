import { MessageError } from '../errors.ts';
import { refuseForbidden } from './forbidden.ts';
import { excerpt } from './lexer.ts';

/** Media types (RFC 2045 section 5.1): what a Content-Type says, and what a file's name says of its content. */
export interface MediaType {
  /** `type/subtype`, as written. */
  readonly essence: string;
  /** Names in lower case, values unquoted, in order. */
  readonly parameters: ReadonlyMap<string, string>;
}

const ESSENCE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+/;
/** A name must leave room on its line for a piece of its value. */
const MAX_NAME = 40;
const PARAMETER =
  /\s*;\s*(?:([\w!#$%&'*+.^`{|}~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"(),:<>@[\\\]?=/]+(?:[^\s;"]*)))\s*)?/y;

/** Reads a Content-Type that a caller gave. */
export function parseMediaType(text: string, field: string): MediaType {
  refuseForbidden(text, field);
  const trimmed = text.trim();
  const essence = ESSENCE.exec(trimmed)?.[0];
  if (essence === undefined) throw new MessageError('BAD_INPUT', field, `${excerpt(text)} is not a media type`);
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = essence.length;
  while (PARAMETER.lastIndex < trimmed.length) {
    const at = PARAMETER.lastIndex;
    const match = PARAMETER.exec(trimmed);
    if (match === null || match[0] === '') {
      throw new MessageError('BAD_INPUT', field, `${excerpt(trimmed.slice(at))} is not a parameter of a media type`);
    }
    const [, name, quoted, plain] = match;
    if (name !== undefined && name.length > MAX_NAME) {
      throw new MessageError('BAD_INPUT', field, `${excerpt(name)} is too long for the name of a parameter`);
    }
    if (name !== undefined) parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
  }
  return { essence, parameters };
}

/** Whether it can be read as one. */
export function isMediaType(text: string): boolean {
  try {
    parseMediaType(text, 'contentType');
    return true;
  } catch {
    return false;
  }
}

/** The types of the files that people send. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  '7z': 'application/x-7z-compressed',
  aac: 'audio/aac',
  avi: 'video/x-msvideo',
  avif: 'image/avif',
  bmp: 'image/bmp',
  bz2: 'application/x-bzip2',
  css: 'text/css',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  dotx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.template',
  eml: 'message/rfc822',
  epub: 'application/epub+zip',
  flac: 'audio/flac',
  gif: 'image/gif',
  gz: 'application/gzip',
  heic: 'image/heic',
  htm: 'text/html',
  html: 'text/html',
  ico: 'image/vnd.microsoft.icon',
  ics: 'text/calendar',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: 'text/javascript',
  json: 'application/json',
  m4a: 'audio/mp4',
  m4v: 'video/mp4',
  md: 'text/markdown',
  mkv: 'video/x-matroska',
  mjs: 'text/javascript',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  odp: 'application/vnd.oasis.opendocument.presentation',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odt: 'application/vnd.oasis.opendocument.text',
  ogg: 'audio/ogg',
  otf: 'font/otf',
  p7m: 'application/pkcs7-mime',
  p7s: 'application/pkcs7-signature',
  pdf: 'application/pdf',
  pgp: 'application/pgp-encrypted',
  png: 'image/png',
  ppt: 'application/vnd.ms-powerpoint',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ps: 'application/postscript',
  rar: 'application/vnd.rar',
  rtf: 'application/rtf',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  tsv: 'text/tab-separated-values',
  ttf: 'font/ttf',
  txt: 'text/plain',
  vcf: 'text/vcard',
  wav: 'audio/wav',
  webm: 'video/webm',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  zip: 'application/zip',
  zst: 'application/zstd',
};

/** What the file's name says its content is; `application/octet-stream` if it says nothing. */
export function mediaTypeOf(filename: string): string {
  const extension = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase();
  const known = filename.includes('.') && Object.hasOwn(BY_EXTENSION, extension);
  return (known ? BY_EXTENSION[extension] : undefined) ?? 'application/octet-stream';
}
