/**
 * What a response does that the RFCs don't allow, or that wasn't asked for, and that is read all the same because the
 * real web does it and nothing is at risk. Each tolerance has a name, and a page lists those it needed; whatever is
 * not here is an error.
 */
export const QUIRKS = {
  'simple-response': 'HTTP/0.9: there was no head, every byte is body (RFC 1945 section 6)',
  'full-response-to-simple-request': 'an HTTP/0.9 request was answered with a status line and headers',
  'leading-blank-lines': 'blank lines stood before the status line (RFC 9112 section 2.2)',
  'bare-lf': 'a line of the head ended in LF without CR (RFC 9112 section 2.2)',
  'icy-status-line': 'the status line began with ICY, as SHOUTcast servers have it',
  'odd-version':
    'the version was above HTTP/1.1, or HTTP/0.9, which has no status line; it was read all the same (RFC 9110 section 2.5)',
  'odd-status': 'the status code was above 599 (RFC 9110 section 15)',
  'missing-reason': 'the status line ended after the code, without the space that must follow it (RFC 9112 section 4)',
  'reason-whitespace': 'whitespace stood around the reason phrase',
  'obsolete-folding':
    'a field value went on over several lines; they were joined with one space (RFC 9112 section 5.2)',
  'repeated-content-length': 'Content-Length was sent more than once, each time the same (RFC 9110 section 8.6)',
  'interim-response': 'an interim (1xx) response came, though nothing asked for one (RFC 9110 section 15.2)',
  'unasked-chunked': 'the body was chunked in answer to an HTTP/1.0 request (RFC 9112 section 6.1)',
  'chunked-in-1.0': 'the body was chunked in a response that calls itself HTTP/1.0 (RFC 9112 section 6.1)',
  'content-length-with-chunked':
    'Content-Length stood beside Transfer-Encoding, which overrides it (RFC 9112 section 6.3)',
  'identity-coding': 'Transfer-Encoding said identity, which RFC 7230 took away; it changes nothing',
  'chunk-size-padding': 'whitespace stood after a chunk size (RFC 9112 section 7.1)',
  'unasked-keep-alive': 'the server said that it keeps the connection open, though it was not asked to',
  'excess-bytes': 'bytes came after the end of the response (RFC 9112 section 6.3)',
} as const;

export type Quirk = keyof typeof QUIRKS;
