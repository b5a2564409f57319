/** What the message itself, and its end, mean. */
import type { Entry, Explanation } from './entry.ts';

export const CONTENT: Entry = [
  'The message itself: headers, an empty line, the body. A line that begins with a dot has another dot put before it; a dot alone ends it.',
  'RFC 5321 section 4.5.2',
  'The server answers 250 when it has taken the message.',
];

/** The line that ends it. */
export const DOT: Explanation = {
  subject: '.',
  means: 'The message ends here.',
  next: 'The server answers 250 when it has taken the message.',
  source: 'RFC 5321 section 4.1.1.4',
  parts: [],
};
