/**
 * Text on its way into markup. Whatever a peer says stays text: as content of an element, as the value of an attribute
 * in double quotes, and in XML, where some characters may not stand at all.
 */
import { safe } from '../render.ts';

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeMarkup(text: string): string {
  return safe(text)
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => MARKUP[character] ?? '');
}
