/** How a connection is left whose page is complete. */
import { atEndOfTurn, type Connection } from '../transport/index.ts';

/**
 * Closes a connection whose page is complete, two turns of the event loop later: by then most servers have closed it
 * themselves. Whoever closes first is left with the port for a minute (TIME_WAIT, RFC 9293 section 3.6.1), and a survey
 * runs out of ports; and closing second costs a fifth of closing first. Under a trace it is closed at once: the dialogue
 * is whole when the page is handed over.
 */
export function leave(connection: Connection): void {
  if (connection.tracer !== undefined) return connection.destroy();
  connection.stopReading();
  atEndOfTurn(() => atEndOfTurn(() => connection.destroy()));
}
