import { MessageError } from '../errors.ts';
import { contentOf, isSource } from './content.ts';
import { binarySource } from './deferred.ts';
import type { Envelope } from './envelope.ts';
import { HeaderList } from './header-list.ts';
import { Message } from './message.ts';
import type { Content, MessageInit } from './message-init.ts';
import { isStream } from './source.ts';
import type { Way } from './text-body.ts';

/** A message that somebody else made, sent as it is. */
export function rawMessage(content: Content, envelope: Envelope): Message {
  return composeRaw(content, envelope, undefined);
}

export function composeRaw(
  raw: NonNullable<MessageInit['raw']>,
  envelope: Envelope,
  messageId: string | undefined,
): Message {
  const found = contentOf(contentIn(raw), undefined, 'raw', 'the raw message');
  if (isSource(found)) {
    // What the stream holds shows only when it is read; 8bit is what mail is made of, and is true of 7bit as well.
    const facts = {
      envelope,
      messageId: messageId ?? '',
      encoding: '8bit',
      smtpUtf8: everyAsciiNot(envelope),
      canonical: false,
    } as const;
    return new Message(facts, [binarySource(found)]);
  }
  const octets = typeof found.octets === 'string' ? Buffer.from(found.octets, 'utf8') : found.octets;
  const headers = HeaderList.of(octets);
  const smtpUtf8 = everyAsciiNot(envelope) || [...headers].some(([, value]) => /[^\0-\x7f]/.test(value));
  const facts = {
    envelope,
    messageId: messageId ?? headers.get('message-id') ?? '',
    encoding: wayOf(octets),
    smtpUtf8,
    canonical: false,
  };
  return new Message(facts, [octets]);
}

/** A path or URL is not read here: a raw message reads nothing by itself. */
function contentIn(raw: NonNullable<MessageInit['raw']>): Content {
  if (typeof raw === 'string' || raw instanceof Uint8Array || isStream(raw)) return raw;
  if ('content' in raw) return raw.content;
  const isPlace = 'path' in raw || 'href' in raw;
  const problem = isPlace ? 'reads no file and no URL by itself: open it, and give the stream' : 'has no content';
  throw new MessageError(isPlace ? 'ACCESS_DENIED' : 'BAD_INPUT', 'raw', problem);
}

function everyAsciiNot(envelope: Envelope): boolean {
  return envelope.from?.ascii === false || envelope.to.some((mailbox) => !mailbox.ascii);
}

function wayOf(octets: Uint8Array): Way {
  if (octets.includes(0)) return 'binary';
  return octets.some((octet) => octet > 0x7f) ? '8bit' : '7bit';
}
