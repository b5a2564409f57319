export type { Guard } from '../transport/index.ts';
export type { Framing, HttpVersion } from './body-framing.ts';
export type { Charset } from './charset.ts';
export { DECODABLE, type DecodeLimits, DecodingError } from './decode.ts';
export { ResponseError } from './errors.ts';
export { fetchPage } from './fetch-page.ts';
export { fetchPages, type PageOutcome, type PagesOptions } from './fetch-pages.ts';
export { fileNameFor } from './file-name.ts';
export { isPublic, publicOnly } from './guard.ts';
export { type HarOptions, HarWriter, harEntry } from './har.ts';
export { RESPONSE_LIMITS, type ResponseLimits } from './limits.ts';
export type { FailedOutcome, ManyOptions, Outcome, PageList } from './many.ts';
export { OpenPage, openPage } from './open-page.ts';
export type { PageOptions, PageTimeouts } from './options.ts';
export { Page, type PageTiming, type Span } from './page.ts';
export { type PartialPage, partialPage } from './partial-page.ts';
export { QUIRKS, type Quirk } from './quirks.ts';
export { type HeaderPair, RawHeaders } from './raw-headers.ts';
export { RedirectError } from './redirect.ts';
export {
  type BasicCredentials,
  buildRequest,
  type DefaultHeader,
  type HeaderInput,
  maskedRequest,
  type PageRequest,
  type RequestOptions,
} from './request.ts';
export type { ResponseHead } from './response-head.ts';
export { type ParserOptions, type ResponseEvent, ResponseParser } from './response-parser.ts';
export { type SavedPage, type SaveOptions, savePage } from './save-page.ts';
export { type SavedOutcome, type SavePagesOptions, savePages } from './save-pages.ts';
export { parsePageUrl, requestTarget, type TargetForm } from './target.ts';
export { conditionsFrom, type Earlier, strongValidator } from './validators.ts';
export { type WarcOptions, WarcWriter } from './warc.ts';
