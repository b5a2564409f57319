/** A line of the format `json`, read back as what was said, for `explain`. */

export interface JsonEvent {
  readonly side: 'client' | 'server' | 'fact';
  readonly lines: readonly string[];
}

/** Undefined for a line that is no event of a trace. */
export function readJsonLine(line: string): JsonEvent | undefined {
  if (!line.startsWith('{"kind":')) return undefined;
  const event = parsed(line);
  if (event === undefined) return undefined;
  const { kind, text, phase, tls } = event;
  if (kind === 'tls' && isRecord(tls)) return { side: 'fact', lines: [tlsLine(tls)] };
  if ((kind !== 'sent' && kind !== 'received') || typeof text !== 'string') return { side: 'fact', lines: [] };
  if (phase === 'body') return { side: 'fact', lines: [] };
  return { side: kind === 'sent' ? 'client' : 'server', lines: text.replace(/\r\n$/, '').split('\r\n') };
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tlsLine(facts: Record<string, unknown>): string {
  const trust = facts['authorized'] === true ? 'verified' : `NOT verified: ${String(facts['authorizationError'])}`;
  return `[${String(facts['protocol'])}, ${String(facts['cipher'])}, ${trust}]`;
}
