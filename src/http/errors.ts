/** What goes wrong with a response: where, and what had come by then. */
import { type ErrorCode, type ErrorFacts, ProtocolError } from '../errors.ts';
import type { ResponseLimits } from './limits.ts';
import type { ResponseHead } from './response-head.ts';

export interface ResponseErrorFacts extends ErrorFacts {
  /** Where in the bytes of the response the fault is, from 0. */
  readonly offset?: number;
  /** The final head, where it was whole by then. */
  readonly head?: ResponseHead | undefined;
  /** Every byte of the response received so far, as far as it was kept. */
  readonly received?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The bytes of a response break the rules of HTTP, or a limit; the connection is never used again. */
export class ResponseError extends ProtocolError {
  override name = 'ResponseError';
  readonly offset: number;
  readonly head: ResponseHead | undefined;
  readonly received: Uint8Array;

  constructor(code: ErrorCode, message: string, facts: ResponseErrorFacts = {}) {
    super(code, message, facts);
    this.offset = facts.offset ?? 0;
    this.head = facts.head;
    this.received = facts.received ?? NOTHING;
  }

  /** The same fault with the bytes that had come: the parser keeps none, the driver has them. */
  including(received: Uint8Array, retryable: boolean): ResponseError {
    const { code, message, offset, head, phase } = this;
    return new ResponseError(code, message, { offset, head, received, retryable, phase });
  }
}

export function bodyTooBig({ body }: Pick<ResponseLimits, 'body'>, offset: number): ResponseError {
  return new ResponseError('LIMIT_EXCEEDED', `a body of more than ${body} bytes`, { offset });
}
