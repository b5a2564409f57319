/**
 * The format of the first program: `--> [command]`, `<-- [reply]`, one pair of brackets around everything that was
 * said at a time, line ends inside it.
 */
import type { TlsFacts, Trace } from './event.ts';
import { safeLine } from './render.ts';
import { contentLimit, noteOf, partOf, styleOf, switchboard, type TextOptions, turnText, type Write } from './text.ts';
import { type Turn, turns } from './turn.ts';

export function arrows(write: Write, options: TextOptions = {}): Trace {
  const style = styleOf(options);
  const note = noteOf(options);
  const board = switchboard();

  function announce(connection: number): void {
    const target = board.switched(connection);
    if (target !== undefined) write(`${style('fact', `=== [connection ${connection}: ${target}]`)}\n`);
  }

  return turns(contentLimit(options), {
    turn(turn) {
      announce(turn.event.connection);
      write(`${style(partOf(turn), arrow(turn))}\n${note(turn.event)}`);
    },
    fact(event) {
      if (event.kind === 'connecting') board.opened(event.connection, event.target);
      if (event.kind !== 'tls') return;
      announce(event.connection);
      write(`${style('fact', `=== [${tlsSummary(event.facts)}]`)}\n${note(event)}`);
    },
  });
}

/** A command or reply is shown without its line end; content is shown as it is, to the line end after its last dot. */
function arrow(turn: Turn): string {
  const text = turn.content ? turnText(turn) : turnText(turn).replace(/\n$/, '');
  return `${turn.event.kind === 'sent' ? '-->' : '<--'} [${text}]`;
}

/** One line on a handshake: what protects the connection, and whether the peer is who it should be. */
export function tlsSummary(facts: TlsFacts): string {
  const peer = facts.certificate === undefined ? 'no certificate' : `certificate of ${facts.certificate.subject}`;
  const trust = facts.authorized ? 'verified' : `NOT verified: ${facts.authorizationError ?? 'not checked'}`;
  return safeLine(`${facts.protocol}, ${facts.cipher}, ${peer}, ${trust}`);
}
