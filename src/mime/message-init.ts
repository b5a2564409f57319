import type { AddressInput } from './address.ts';
import type { Zone } from './date-time.ts';
import type { TransferEncoding, Way } from './transfer-encoding.ts';

/**
 * What a message says, in nodemailer's field names: an object written for nodemailer moves over as it is. A field that
 * is not named here is an error, not something to skip in silence.
 */

/** What content may be: at hand, or a stream that is read when the message is. */
export type Content = string | Uint8Array | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>;

/** Content and how to read it; one of `content`, `path` and `href`. */
export interface ContentInit {
  readonly content?: Content | undefined;
  /** A file, an `http:` or `https:` URL, or a `data:` URI; `access` says what may be read. */
  readonly path?: string | URL | undefined;
  readonly href?: string | URL | undefined;
  /** How a string is to be turned into octets: `'utf-8'` (the default), `'base64'`, `'hex'`, `'latin1'`. */
  readonly encoding?: string | undefined;
}

/** A text part: the text itself, its octets in UTF-8, a stream of them, or where to find it. */
export type TextInit = Content | ContentInit;

/** A value of a header; several values are several fields of that name. */
export type HeaderValue =
  | string
  | number
  | { readonly prepared?: boolean; readonly foldLines?: boolean; readonly value: string };

/** More headers, in order. */
export type HeadersInit =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>
  | readonly { readonly key: string; readonly value: HeaderValue }[];

export interface Attachment extends ContentInit {
  /** The name that the recipient sees; taken from `path` or `href` if it is not given, none if false. */
  readonly filename?: string | false | undefined;
  readonly contentType?: string | undefined;
  readonly contentDisposition?: 'attachment' | 'inline' | undefined;
  /** Makes it part of the html, which shows it by `cid:` and this name. */
  readonly cid?: string | undefined;
  readonly contentTransferEncoding?: TransferEncoding | false | undefined;
  readonly headers?: HeadersInit | undefined;
  /** The whole part, headers and all, as it is to go out. */
  readonly raw?: string | Uint8Array | undefined;
}

export interface CalendarInit extends ContentInit {
  /** `REQUEST`, `REPLY`, `CANCEL`, `PUBLISH` (the default) ... (RFC 5546). */
  readonly method?: string | undefined;
  /** The name of the copy that goes along as an attachment, `invite.ics`; no copy if false. */
  readonly filename?: string | false | undefined;
}

export type ListValue = string | { readonly url: string; readonly comment?: string | undefined };

/** List-Help, List-Unsubscribe, List-Id ...: each value one field; a list in the list is one field of several URLs. */
export type ListInit = Readonly<
  Record<string, ListValue | readonly (ListValue | readonly ListValue[])[] | boolean | undefined>
>;

/** Who the server is told, where that is not what the headers say. An empty `from` is the null reverse-path. */
export interface EnvelopeInit {
  readonly from?: AddressInput | false | null | undefined;
  readonly to?: AddressInput | undefined;
  readonly cc?: AddressInput | undefined;
  readonly bcc?: AddressInput | undefined;
}

/** One DKIM key (RFC 6376); nodemailer's names. */
export interface DkimKey {
  readonly domainName: string;
  readonly keySelector: string;
  /** In PEM, RSA or Ed25519 (RFC 8463). */
  readonly privateKey: string;
}

export interface DkimInit extends Partial<DkimKey> {
  /** Several signatures, one by each key. */
  readonly keys?: readonly DkimKey[] | undefined;
  /** Colon-separated names of the fields to sign, in place of the usual ones. */
  readonly headerFieldNames?: string | undefined;
  /** Colon-separated names of fields not to sign. */
  readonly skipFields?: string | undefined;
  /** How header and body are made comparable; relaxed/relaxed by default. */
  readonly canonicalization?: 'relaxed/relaxed' | 'relaxed/simple' | 'simple/relaxed' | 'simple/simple' | undefined;
  /** Where the body of a stream is kept while it is hashed; the system's folder for such files by default. */
  readonly spoolFolder?: string | undefined;
}

export interface MessageInit {
  readonly from?: AddressInput | undefined;
  readonly sender?: AddressInput | undefined;
  readonly to?: AddressInput | undefined;
  readonly cc?: AddressInput | undefined;
  /** Goes into the envelope, and never into the message. */
  readonly bcc?: AddressInput | undefined;
  readonly replyTo?: AddressInput | undefined;
  readonly subject?: string | undefined;
  readonly date?: Date | string | number | undefined;
  /** The zone that the date is written in, UTC by default. */
  readonly timeZone?: Zone | undefined;
  readonly messageId?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly references?: string | readonly string[] | undefined;
  readonly text?: TextInit | undefined;
  readonly html?: TextInit | undefined;
  readonly watchHtml?: TextInit | undefined;
  readonly amp?: TextInit | undefined;
  readonly icalEvent?: CalendarInit | Content | undefined;
  /** The same as `icalEvent`. */
  readonly calendar?: CalendarInit | Content | undefined;
  readonly alternatives?: readonly Attachment[] | undefined;
  readonly attachments?: readonly Attachment[] | undefined;
  readonly headers?: HeadersInit | undefined;
  readonly list?: ListInit | undefined;
  readonly priority?: 'high' | 'normal' | 'low' | undefined;
  readonly xMailer?: string | false | undefined;
  readonly autoSubmitted?: 'auto-generated' | 'auto-replied' | 'auto-notified' | undefined;
  readonly dispositionNotificationTo?: AddressInput | undefined;
  readonly envelope?: EnvelopeInit | undefined;
  /** The whole message, as it is to go out; the envelope comes from `envelope` or the address fields. */
  readonly raw?: Content | { readonly content: Content } | undefined;
  /** Puts `data:` images of the html into parts of their own. */
  readonly attachDataUrls?: boolean | undefined;
  /** Forces the transfer encoding of the text parts. */
  readonly textEncoding?: 'quoted-printable' | 'base64' | undefined;
  /** How `text`, `html` and their like are to be read where they are strings; as in ContentInit. */
  readonly encoding?: string | undefined;
  /** format=flowed (RFC 3676) for the plain text, with DelSp where asked. */
  readonly flowed?: boolean | 'delsp' | undefined;
  readonly dkim?: DkimInit | undefined;
  /** Narrows `access`; can't widen it. */
  readonly disableFileAccess?: boolean | undefined;
  readonly disableUrlAccess?: boolean | undefined;
}

/** What a message may read. It is the program's to say, never the message's. */
export interface Access {
  /** Files given by `path`: any (the default), none, or those in a folder, symbolic links resolved. */
  readonly files?: boolean | string | undefined;
  /** URLs given by `path` or `href`; none by default, and only through `fetch`. */
  readonly urls?: boolean | undefined;
}

/** A MIME entity as it is about to go out, for a hook that signs or encrypts it. */
export type Wrap = (entity: Uint8Array) => string | Uint8Array;

export interface ComposeOptions {
  readonly access?: Access | undefined;
  /** Fetches the content of a URL. */
  readonly fetch?: ((url: string) => Content | Promise<Content | null>) | undefined;
  /** What the way can carry; `'7bit'` by default, which every way can. */
  readonly way?: Way | undefined;
  /** Makes the text alternative of a message that has html only. */
  readonly htmlToText?: ((html: string) => string) | undefined;
  /** Replaces the message's one MIME entity by another: S/MIME, PGP. */
  readonly wrap?: Wrap | undefined;
}
