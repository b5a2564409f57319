/** The code under test: greets a new member. */
import { Mailer } from 'plainwire/smtp';

export async function welcome(server, address) {
  const mailer = new Mailer(server);
  try {
    const mail = { from: 'club@example.com', to: address, subject: 'Welcome', text: 'Good to have you with us.' };
    return await mailer.send(mail);
  } finally {
    await mailer.close();
  }
}
