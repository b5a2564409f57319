/** The arguments of MAIL and RCPT as the server reads them (RFC 5321 section 4.1.2). */
import { PlainwireError } from '../../errors.ts';
import { parseMailbox } from '../../mime/index.ts';

export interface PathArgument {
  /** The address; `''` for the null path. */
  readonly address: string;
  readonly ascii: boolean;
  /** Keywords in upper case, with their values. */
  readonly parameters: ReadonlyMap<string, string | undefined>;
}

/** `FROM:<a@b.example> SIZE=99`; a text says what is wrong with it. */
export function parsePath(argument: string, word: 'FROM' | 'TO'): PathArgument | string {
  const label = new RegExp(`^${word}: *`, 'i').exec(argument)?.[0];
  if (label === undefined) return `${word}:<address> is expected`;
  const rest = argument.slice(label.length);
  const end = endOfPath(rest);
  if (end === undefined) return 'an address in < and > is expected';
  const address = withoutRoute(rest.slice(1, end));
  const tail = rest.slice(end + 1);
  if (tail !== '' && !tail.startsWith(' ')) return `a space is expected after ${rest.slice(0, end + 1)}`;
  const parameters = parseParameters(tail);
  if (typeof parameters === 'string') return parameters;
  if (address === '') {
    return word === 'FROM' ? { address, ascii: true, parameters } : 'a recipient needs an address';
  }
  // the one mailbox that needs no domain (RFC 5321 section 4.1.1.3)
  if (word === 'TO' && /^postmaster$/i.test(address)) return { address, ascii: true, parameters };
  try {
    const mailbox = parseMailbox(address, 'address');
    return { address: mailbox.address, ascii: mailbox.ascii, parameters };
  } catch (error) {
    if (!(error instanceof PlainwireError)) throw error;
    return oneLine(error.message);
  }
}

/** A quoted local part may hold a `>` of its own. */
const PATH = /^<(?:"(?:[^"\\]|\\.)*"|[^"<>])*>/;

/** Where the `>` is that ends the path. */
function endOfPath(text: string): number | undefined {
  const path = PATH.exec(text)?.[0];
  return path === undefined ? undefined : path.length - 1;
}

/** `@one.example,@two.example:user@three.example`: a source route is to be read and left alone (RFC 5321 appendix C). */
function withoutRoute(path: string): string {
  return path.replace(/^@[^:"]*:/, '');
}

function parseParameters(text: string): ReadonlyMap<string, string | undefined> | string {
  const parameters = new Map<string, string | undefined>();
  for (const word of text.split(' ').filter((each) => each !== '')) {
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=\s]+))?$/.exec(word);
    if (match === null) return `'${word}' is no parameter`;
    const keyword = (match[1] ?? '').toUpperCase();
    if (parameters.has(keyword)) return `${keyword} stands twice`;
    parameters.set(keyword, match[2]);
  }
  return parameters;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ');
}
