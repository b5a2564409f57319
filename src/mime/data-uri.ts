import { MessageError } from '../errors.ts';
import { isWritten } from './written-octets.ts';

/** `data:` URIs (RFC 2397): content that stands in its own address. */
export function decodeDataUri(uri: string, field: string): { octets: Uint8Array; contentType: string } {
  const comma = uri.indexOf(',');
  if (comma === -1) throw new MessageError('BAD_INPUT', field, 'is a data: URI without a comma');
  const [type = '', ...parameters] = uri.slice('data:'.length, comma).split(';');
  const isBase64 = parameters.at(-1)?.trim().toLowerCase() === 'base64';
  if (isBase64) parameters.pop();
  // what many write beside a drawing, `;utf8`, is no parameter
  const named = parameters.map((parameter) => parameter.trim()).filter((parameter) => parameter.includes('='));
  const contentType = [type.trim() || 'text/plain', ...named].join('; ');
  const data = uri.slice(comma + 1);
  if (isBase64) {
    const text = percentDecoded(data, field).toString('latin1');
    if (!isWritten(text, 'base64')) throw new MessageError('BAD_INPUT', field, 'is a data: URI whose base64 is broken');
    return { octets: Buffer.from(text, 'base64'), contentType };
  }
  return { octets: percentDecoded(data, field), contentType };
}

function percentDecoded(text: string, field: string): Buffer {
  if (!text.includes('%')) return Buffer.from(text, 'utf8');
  const source = Buffer.from(text, 'utf8');
  const out = Buffer.alloc(source.length);
  let at = 0;
  for (let index = 0; index < source.length; index++) {
    const byte = source[index] as number;
    if (byte !== 0x25) {
      out[at++] = byte;
      continue;
    }
    const digits = source.toString('latin1', index + 1, index + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) {
      throw new MessageError('BAD_INPUT', field, 'is a data: URI with a broken percent-encoding');
    }
    out[at++] = Number.parseInt(digits, 16);
    index += 2;
  }
  return out.subarray(0, at);
}
