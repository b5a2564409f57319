/**
 * The style of swaks: who speaks, whether it is encrypted and whether it is a refusal all show in the arrow of each
 * line. ` -> ` and `<-  ` in clear, ` ~> ` and `<~  ` under TLS, `<** ` and `<~* ` a refusal, `=== ` facts, `*** ` errors.
 */
import type { TlsEvent, Trace } from './event.ts';
import { safeLine } from './render.ts';
import {
  contentLimit,
  isRefusal,
  noteOf,
  partOf,
  styleOf,
  switchboard,
  type TextOptions,
  turnLines,
  type Write,
} from './text.ts';
import { type Fact, type Turn, turns } from './turn.ts';

export function swaks(write: Write, options: TextOptions = {}): Trace {
  const style = styleOf(options);
  const note = noteOf(options);
  const board = switchboard();
  const encrypted = new Set<number>();

  function announce(connection: number): void {
    const target = board.switched(connection);
    if (target !== undefined) write(`${style('fact', `=== Connection ${connection} to ${target}:`)}\n`);
  }

  return turns(contentLimit(options), {
    turn(turn) {
      announce(turn.event.connection);
      const arrow = lineArrow(turn, encrypted.has(turn.event.connection));
      const text = turnLines(turn).map((line) => arrow + line);
      write(`${style(partOf(turn), text.join('\n'))}\n${note(turn.event)}`);
    },
    fact(event) {
      if (event.kind === 'connecting') board.opened(event.connection, event.target);
      if (event.kind === 'tls') encrypted.add(event.connection);
      announce(event.connection);
      const mark = event.kind === 'error' ? '*** ' : '=== ';
      const text = factLines(event).map((line) => mark + line);
      write(`${style(event.kind === 'error' ? 'error' : 'fact', text.join('\n'))}\n${note(event)}`);
    },
  });
}

function lineArrow(turn: Turn, encrypted: boolean): string {
  if (turn.event.kind === 'sent') return encrypted ? ' ~> ' : ' -> ';
  if (!turn.content && isRefusal(turn.event)) return encrypted ? '<~* ' : '<** ';
  return encrypted ? '<~  ' : '<-  ';
}

/** What a fact says, in lines that are safe to show; the formats `hex` and `markdown` say it in the same words. */
export function factLines(event: Fact): string[] {
  return toldLines(event).map(safeLine);
}

function toldLines(event: Fact): string[] {
  switch (event.kind) {
    case 'connecting':
      return [`Trying ${event.target}...`];
    case 'connected':
      return [`Connected to ${event.target} (${event.remote}).`];
    case 'tls':
      return tlsLines(event);
    case 'closed':
      return [event.by === 'us' ? 'Connection closed.' : 'Connection closed by the peer.'];
    case 'error':
      return `${event.error.code}: ${event.error.message}`.split('\n');
  }
}

function tlsLines({ facts }: TlsEvent): string[] {
  const lines = [`TLS started with ${facts.protocol}, ${facts.cipher}${facts.resumed ? ', session resumed' : ''}.`];
  const { certificate } = facts;
  if (certificate !== undefined) {
    lines.push(`TLS certificate of ${certificate.subject}, issued by ${certificate.issuer},`);
    lines.push(
      `    for ${certificate.altNames.join(', ') || 'no name'}, until ${certificate.validTo.toISOString().slice(0, 10)}.`,
    );
  }
  const name = facts.serverName === undefined ? '' : ` for ${facts.serverName}`;
  lines.push(
    facts.authorized
      ? `TLS certificate verified${name}.`
      : `TLS certificate NOT verified${name}: ${facts.authorizationError ?? 'not checked'}.`,
  );
  return lines;
}
