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
  readonly path?: string | URL | false | undefined;
  readonly href?: string | URL | false | undefined;
  /** How a string is to be turned into octets: `'utf-8'` (the default), `'base64'`, `'hex'`, `'latin1'`. */
  readonly encoding?: string | undefined;
  /** For the `fetch` of the options, where the content is a URL. */
  readonly httpHeaders?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A text part given as an object. Its media type is its field's to say; a `contentType` is needed only for octets in
 * another charset than UTF-8, which it names.
 */
export interface TextContentInit extends ContentInit {
  readonly contentType?: string | undefined;
  readonly contentTransferEncoding?: TransferEncoding | false | undefined;
  readonly headers?: HeadersInit | undefined;
  /** The whole part, headers and all, as it is to go out. */
  readonly raw?: Content | undefined;
}

/** A text part: the text itself, its octets in UTF-8, a stream of them, or where to find it. */
export type TextInit = Content | TextContentInit;

/** A value that is a line of its own making: encoded words and all; `foldLines` folds it where it has spaces. */
export interface PreparedValue {
  readonly prepared?: boolean;
  readonly foldLines?: boolean;
  readonly value: string;
}

/** A value of a header; several values are several fields of that name. */
export type HeaderValue = string | number | boolean | Date | PreparedValue;

/** One header field, or several values for one name. */
export interface HeaderInit {
  readonly key: string;
  readonly value: HeaderValue | readonly HeaderValue[] | null | undefined;
}

/** More headers, in order. */
export type HeadersInit =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[] | null | undefined>>
  | readonly HeaderInit[]
  | HeaderInit;

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
  readonly raw?: Content | undefined;
}

export interface CalendarInit extends TextContentInit {
  /** `REQUEST`, `REPLY`, `CANCEL`, `PUBLISH` ... (RFC 5546); what the event says if it is at hand, else `PUBLISH`. */
  readonly method?: string | undefined;
  /** The name of the copy that goes along as an attachment, `invite.ics`; no copy if false. */
  readonly filename?: string | false | undefined;
}

export type ListValue = string | { readonly url: string; readonly comment?: string | undefined };

/** List-Help, List-Unsubscribe, List-Id ...: several values are several URLs in the one field (RFC 2369 section 2). */
export type ListInit = Readonly<
  Record<string, ListValue | readonly (ListValue | readonly ListValue[])[] | boolean | undefined>
>;

/** A one-time code and the origin of the site that it is for. */
export interface OtpInit {
  readonly code: string;
  /** `'https://login.example.com'`; of a whole URL its origin is taken. */
  readonly origin: string;
}

/** Who the server is told, where that is not what the headers say. An empty `from` is the null reverse-path. */
export interface EnvelopeInit {
  readonly from?: AddressInput | false | null | undefined;
  readonly to?: AddressInput | undefined;
  readonly cc?: AddressInput | undefined;
  readonly bcc?: AddressInput | undefined;
  /** nodemailer's; the size is found out, and declared where the server wants it. */
  readonly size?: number | undefined;
  /** nodemailer's; BODY=8BITMIME is said where the message needs it. */
  readonly use8BitMime?: boolean | undefined;
}

/** A private key in PEM: its text, its octets, or with the words that unlock it. */
export type PrivateKeyInit =
  | string
  | Uint8Array
  | { readonly key: string | Uint8Array; readonly passphrase?: string | undefined };

/** One DKIM key (RFC 6376); nodemailer's names. */
export interface DkimKey {
  readonly domainName: string;
  readonly keySelector: string;
  /** In PEM, RSA or Ed25519 (RFC 8463). */
  readonly privateKey: PrivateKeyInit;
}

export interface DkimInit extends Partial<DkimKey> {
  /** Several signatures, one by each key. */
  readonly keys?: readonly DkimKey[] | DkimKey | undefined;
  /** Colon-separated names of the fields to sign, in place of the usual ones. */
  readonly headerFieldNames?: string | undefined;
  /** Colon-separated names of fields not to sign. */
  readonly skipFields?: string | undefined;
  /** How header and body are made comparable; relaxed/relaxed by default. */
  readonly canonicalization?: 'relaxed/relaxed' | 'relaxed/simple' | 'simple/relaxed' | 'simple/simple' | undefined;
  /** Where the body of a stream is kept while it is hashed; the system's folder for such files by default. */
  readonly spoolFolder?: string | undefined;
  /** nodemailer's name for `spoolFolder`. */
  readonly cacheDir?: string | false | undefined;
  /** nodemailer's; nothing follows from it here, for only a stream that can't be read twice is kept in a file. */
  readonly cacheTreshold?: number | undefined;
  /** SHA-256 is the one hash that RFC 8301 leaves. */
  readonly hashAlgo?: 'sha256' | undefined;
}

/** The transfer encodings that a text part can be made to have. */
export type TextEncodingName = 'quoted-printable' | 'base64' | 'Q' | 'B';

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
  readonly alternatives?: readonly Attachment[] | Attachment | undefined;
  readonly attachments?: readonly Attachment[] | Attachment | undefined;
  readonly headers?: HeadersInit | undefined;
  readonly list?: ListInit | undefined;
  readonly priority?: 'high' | 'normal' | 'low' | undefined;
  readonly xMailer?: string | false | undefined;
  readonly otp?: OtpInit | undefined;
  readonly autoSubmitted?: 'auto-generated' | 'auto-replied' | 'auto-notified' | 'no' | undefined;
  readonly dispositionNotificationTo?: AddressInput | undefined;
  readonly envelope?: EnvelopeInit | undefined;
  /** The whole message, as it is to go out; the envelope comes from `envelope` or the address fields. */
  readonly raw?: Content | { readonly content: Content; readonly encoding?: string | undefined } | undefined;
  /** Puts `data:` images of the html into parts of their own. */
  readonly attachDataUrls?: boolean | undefined;
  /** Forces the transfer encoding of the text parts. */
  readonly textEncoding?: TextEncodingName | undefined;
  /** The same as `textEncoding`: in nodemailer either of the two can say it. */
  readonly encoding?: string | undefined;
  /** format=flowed (RFC 3676) for the plain text, with DelSp where asked. */
  readonly flowed?: boolean | 'delsp' | undefined;
  readonly dkim?: DkimInit | undefined;
  /** Another case for the names of the header fields: `(name) => name.toUpperCase()`. */
  readonly normalizeHeaderKey?: ((name: string, value: string) => string) | undefined;
  /** Lines of mail end in CRLF: `'win'` is what it is, and anything else an error. */
  readonly newline?: string | undefined;
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

/** Gives the content of a URL, or null where there is none; `httpHeaders` are those of the attachment, if it has any. */
export type Fetch = (
  url: string,
  httpHeaders?: Readonly<Record<string, unknown>> | undefined,
) => Content | Promise<Content | null>;

export interface ComposeOptions {
  readonly access?: Access | undefined;
  /** Fetches the content of a URL. */
  readonly fetch?: Fetch | undefined;
  /** What the way can carry; `'7bit'` by default, which every way can. */
  readonly way?: Way | undefined;
  /** Makes the text alternative of a message that has html only. */
  readonly htmlToText?: ((html: string) => string) | undefined;
  /** Replaces the message's one MIME entity by another: S/MIME, PGP. */
  readonly wrap?: Wrap | undefined;
}
