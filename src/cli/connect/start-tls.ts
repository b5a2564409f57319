/** `--starttls smtp`: greets, says STARTTLS and waits for the handshake, and then it is the person's turn. */
import { UnsupportedError } from '../../errors.ts';
import type { SmtpView } from '../dialogue/smtp-view.ts';
import type { Session } from './session.ts';

/** @throws UnsupportedError, ConnectionError, TlsError, TimeoutError */
export async function startTls(session: Session, smtp: SmtpView, name: string): Promise<void> {
  await session.say(`EHLO ${name}`);
  await session.until(() => smtp.idle);
  if (!smtp.offers('STARTTLS')) refuse(session, 'the server does not offer STARTTLS');
  await session.say('STARTTLS');
  await session.until(() => smtp.idle);
  if (!smtp.secure) refuse(session, 'the server refused STARTTLS');
}

function refuse(session: Session, what: string): never {
  const why = session.ended ? 'the server closed before STARTTLS' : what;
  throw new UnsupportedError('STARTTLS_NOT_OFFERED', why, { phase: 'starttls' });
}
