/** What a login waits for off the wire has a deadline too. */
import { expect, it } from 'vitest';
import { Mailer } from '../../src/smtp/index.ts';
import { mailServer } from '../support/mail-server.ts';

it('a token that never comes', async () => {
  await using server = await mailServer({ offers: ['AUTH XOAUTH2'] });
  const auth = { user: 'ann', token: () => new Promise<string>(() => {}) };
  await using mailer = new Mailer({
    host: '127.0.0.1',
    port: server.port,
    security: 'none',
    auth,
    timeouts: { auth: 50 },
  });
  await expect(mailer.verify()).rejects.toMatchObject({ code: 'DEADLINE_PASSED', phase: 'auth' });
});
