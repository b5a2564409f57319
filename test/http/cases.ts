/** The conformance cases of test/fixtures/cases. */
import { readFileSync } from 'node:fs';

export interface ResponseCase {
  readonly id: string;
  readonly name: string;
  readonly rule: string;
  readonly requestMethod: string;
  readonly bytes: Buffer;
  readonly finishesWithoutClose: boolean;
  readonly expected: {
    readonly ok?: true;
    readonly error?: string;
    readonly httpVersion?: string;
    readonly status?: number;
    readonly reason?: string;
    readonly headers?: readonly (readonly [string, string | { readonly sha256: string; readonly length: number }])[];
    readonly framing?: string;
    readonly bodyBase64?: string;
    readonly body?: unknown;
  };
  readonly accept: readonly string[];
}

interface Part {
  readonly b64: string;
  readonly repeat?: number;
}

interface StoredCase extends Omit<ResponseCase, 'bytes'> {
  readonly responseBytesBase64?: string;
  readonly responseParts?: readonly Part[];
}

const folder = new URL('../fixtures/cases/', import.meta.url);

export const responseCases: readonly ResponseCase[] = (
  JSON.parse(readFileSync(new URL('http-responses.json', folder), 'utf8')) as { cases: StoredCase[] }
).cases.map(({ responseBytesBase64, responseParts, ...stored }) => ({
  ...stored,
  bytes:
    responseBytesBase64 === undefined
      ? Buffer.concat((responseParts ?? []).map(({ b64, repeat = 1 }) => repeated(Buffer.from(b64, 'base64'), repeat)))
      : Buffer.from(responseBytesBase64, 'base64'),
}));

function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.alloc(bytes.length * times, bytes);
}

export interface RedirectCase {
  readonly id: string;
  readonly startUrl: string;
  readonly status: number;
  readonly location: string;
  readonly locationRawBase64: string;
  readonly requestLines: readonly [string, string];
}

export const urlCases = JSON.parse(readFileSync(new URL('http-redirects-and-urls.json', folder), 'utf8')) as {
  readonly redirects: readonly RedirectCase[];
  readonly requests: readonly { readonly id: string; readonly url: string; readonly requestLine: string }[];
};
