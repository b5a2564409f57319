/** SASLprep (RFC 4013), so that one password typed in two ways is one password. */
import { MessageError } from '../../errors.ts';

/** Loaded when first needed: its tables are large, and most passwords are ASCII. */
export async function prepared(text: string, field: string): Promise<string> {
  if (/^[ -~]*$/.test(text)) return text;
  const { saslprep } = await import('@mongodb-js/saslprep');
  try {
    return saslprep(text);
  } catch (cause) {
    throw new MessageError('FORBIDDEN_CHARACTER', field, 'holds characters that SASLprep (RFC 4013) does not allow', {
      cause,
    });
  }
}
