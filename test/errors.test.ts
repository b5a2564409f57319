import { expect, test } from 'vitest';
import { ConnectionError, MessageError, type PlainwireError, withFacts } from '../src/errors.ts';
import { ResponseError } from '../src/http/errors.ts';
import { StoppedError } from '../src/smtp/quit-after.ts';
import { MismatchError } from '../src/transport/index.ts';

const head = { status: 200 } as never;

test.each<[PlainwireError, object]>([
  [new ConnectionError('CONNECTION_LOST', 'the connection broke', { retryable: true }), {}],
  [new MessageError('BAD_INPUT', 'to[1]', 'no address: really'), { field: 'to[1]' }],
  [new MismatchError(3, 'QUIT', 'RSET'), { step: 3, expected: 'QUIT', received: 'RSET' }],
  [new ResponseError('BAD_HEADER', 'a bad header', { offset: 7, head }), { offset: 7, head }],
  [new StoppedError('STOPPED', 'stopped after rcpt', { phase: 'rcpt' }), {}],
])('%s with more facts is the same error, and has them', (error, own) => {
  const recipients = { accepted: [], rejected: [{ address: 'a@b.example', reply: undefined }] };
  const seen = withFacts(error, { phase: 'mail', mayHaveBeenDelivered: true, recipients });
  expect(seen).toBeInstanceOf(error.constructor);
  expect([seen.name, seen.code, seen.message]).toEqual([error.name, error.code, error.message]);
  expect(seen).toMatchObject({ phase: 'mail', mayHaveBeenDelivered: true, retryable: false, recipients, cause: error });
  expect(seen).toMatchObject(own);
  // the original is as it was
  expect(error.recipients).toBeUndefined();
});
