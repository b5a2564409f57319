import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ResponseCase, responseCases } from './cases.ts';
import { byteByByte, CHUNKINGS, type Played, play, whole } from './play.ts';

describe.each(Object.entries(CHUNKINGS))('every response of the conformance cases, %s', (_, cut) => {
  it.each(responseCases)('$id $name', (one) => {
    judge(one, play(cut(one.bytes), { method: one.requestMethod }));
  });
});

it('gives the same events however a response is cut', () => {
  for (const { bytes, requestMethod } of responseCases.filter((one) => one.bytes.length < 5_000)) {
    const reference = comparable(play(whole(bytes), { method: requestMethod }));
    expect(comparable(play(byteByByte(bytes), { method: requestMethod }))).toEqual(reference);
    for (let at = 1; at < bytes.length; at += 1) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(comparable(play(pieces, { method: requestMethod })), `cut at ${at}`).toEqual(reference);
    }
  }
});

it('ends every response that is cut off after any byte: complete, an error that says how, or a body as long as it came', () => {
  for (const { id, bytes, requestMethod } of responseCases.filter((one) => one.bytes.length < 5_000)) {
    const full = play(whole(bytes), { method: requestMethod });
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = play(whole(bytes.subarray(0, length)), { method: requestMethod });
      const where = `${id} cut after ${length} bytes`;
      if (cut.error !== undefined) {
        expect(cut.error.offset, where).toBeLessThanOrEqual(length);
        continue;
      }
      expect(cut.head, where).toBeDefined();
      expect(cut.trailers, where).toBeDefined();
      // what needs more bytes never passes for complete: it ends early with a body like the full one's, or goes to the end
      if (cut.framing === 'until-close') expect(bytes.subarray(length - cut.body.length, length)).toEqual(cut.body);
      else if (full.error === undefined) expect(cut.body, where).toEqual(full.body);
    }
  }
});

function judge(one: ResponseCase, played: Played): void {
  const { expected, accept } = one;
  if (played.error !== undefined) {
    expect(accept, `${played.error.code}: ${played.error.message}`).toContain('error');
    return;
  }
  if (expected.ok === undefined) {
    expect(
      accept.some((verdict) => verdict.startsWith('ok')),
      'a result where an error was due',
    ).toBe(true);
    return;
  }
  expect(accept).toContain('ok');
  expect(played.head?.version).toBe(expected.httpVersion);
  expect(played.head?.status).toBe(expected.status);
  expect(played.head?.reason).toBe(expected.reason);
  expect(played.framing).toBe(expected.framing);
  expect(played.body.toString('latin1')).toBe(Buffer.from(expected.bodyBase64 ?? '', 'base64').toString('latin1'));
  if (one.finishesWithoutClose) expect(played.early).toBe(true);
  const headers = [...(played.head?.headers ?? [])];
  expect(headers.length).toBe(expected.headers?.length);
  for (const [i, [name, value]] of (expected.headers ?? []).entries()) {
    const [ownName = '', ownValue = ''] = headers[i] ?? [];
    expect(ownName).toBe(name);
    if (typeof value === 'string') expect(spaced(ownValue)).toBe(spaced(value));
    else {
      expect(createHash('sha256').update(ownValue, 'latin1').digest('hex')).toBe(value.sha256);
      expect(ownValue.length).toBe(value.length);
    }
  }
}

function spaced(text: string): string {
  return text.replace(/[ \t]+/g, ' ');
}

function comparable({ error, head, ...rest }: Played): unknown {
  return {
    ...rest,
    head: head && { ...head, headers: [...head.headers] },
    error: error && { code: error.code, message: error.message, offset: error.offset },
  };
}
