import { MessageError } from '../errors.ts';
import { checkFieldName, extensionField, foldWords, HARD_LINE } from './folding.ts';
import { headerEntries, isPrepared, valueText } from './header-entries.ts';
import { readHeader } from './header-list.ts';
import type { HeadersInit, PreparedValue } from './message-init.ts';

/** What the message says by its own fields, or plainwire by what it makes of them: the field that says it, if one does. */
const OWN: Readonly<Record<string, string>> = {
  from: 'from',
  sender: 'sender',
  'reply-to': 'replyTo',
  to: 'to',
  cc: 'cc',
  bcc: 'bcc',
  subject: 'subject',
  date: 'date',
  'message-id': 'messageId',
  'in-reply-to': 'inReplyTo',
  references: 'references',
  'mime-version': '',
  'content-type': 'contentType',
  'content-transfer-encoding': 'contentTransferEncoding',
  'content-disposition': 'contentDisposition',
  'content-id': 'cid',
};

/** What several programs write by hand, and `priority` says: the same thing twice, and no contradiction. */
const PRIORITY = /^(?:x-priority|x-msmail-priority|importance|priority)$/;

/** What a message or a part has once: lists (RFC 2369 section 3), RFC 3834 section 5, RFC 8098 section 2.1, RFC 2045. */
const ONCE = /^(?:list-.*|auto-submitted|disposition-notification-to|content-.*)$/;

/** The caller's own header fields, in order, as lines; `made` are those that fields of the message have made already. */
export function extraFields(init: HeadersInit | undefined | null, field: string, made = ''): string {
  const said = new Set(made === '' ? [] : readHeader(made).map(([name]) => name.toLowerCase()));
  const once = new Set<string>();
  let text = '';
  for (const { key, value, path } of headerEntries(init, field)) {
    checkFieldName(key, path);
    const lower = key.toLowerCase();
    if (Object.hasOwn(OWN, lower)) {
      const own = OWN[lower];
      const hint = own === '' ? 'plainwire makes it' : `${own} says it`;
      throw new MessageError('BAD_INPUT', path, `${key} is not for headers to say: ${hint}`);
    }
    if (said.has(lower)) {
      if (PRIORITY.test(lower)) continue;
      throw new MessageError('BAD_INPUT', path, `${key} is given twice: a field of the message says it too`);
    }
    if (ONCE.test(lower) || PRIORITY.test(lower)) {
      if (once.has(lower)) throw new MessageError('BAD_INPUT', path, `${key} is given twice, and there is one at most`);
      once.add(lower);
    }
    text += isPrepared(value) ? preparedField(key, value, path) : extensionField(key, valueText(value, path), path);
  }
  return text;
}

/** Lines that the caller folded (RFC 5322 section 2.2.3), none of white space alone. */
const FOLDED = /^[\t -~]*(?:\r\n[\t ]+[!-~][\t -~]*)*$/;

/**
 * A value that the caller has encoded: it goes out as it is, and may still not end its field or its line. One that is
 * not ASCII was not encoded, whatever it is called, and is written as any other.
 */
function preparedField(name: string, { value, foldLines }: PreparedValue, field: string): string {
  const given = valueText(value, field);
  if (!FOLDED.test(given)) return extensionField(name, given, field);
  const isShort = `${name}: ${given}`.split('\r\n').every((line) => line.length <= HARD_LINE);
  if (foldLines !== true && isShort) return `${name}: ${given}\r\n`;
  const words = given.split(/(?:\r\n)?[\t ]+/).filter((word) => word !== '');
  const folded = foldWords(name, words);
  if (folded.split('\r\n').every((line) => line.length <= HARD_LINE)) return folded;
  throw new MessageError('BAD_INPUT', field, `holds a word that fits no line of ${HARD_LINE} characters`);
}
