/** The pieces that the configurations of several servers have in common. */
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Who may log in. The password has what SASL mechanisms and configuration files trip over. */
export const USER = 'ada';
export const PASSWORD = 'pässwörd =,"';

/** Whose mail it is, in the servers' system; scripts/interop-setup.sh has all of them. */
export const READER_ID = 61_010;

/** Recipients that every server here refuses, for good and for now. */
export const NOBODY = 'no@mail.test';
export const LATER = 'later@mail.test';

/** The certificate of localhost and its key, `localhost.pem` and `localhost.key`. */
export function putCertificate(folder: string, mode = 0o600): void {
  for (const name of ['localhost.pem', 'localhost.key']) {
    const from = new URL(`../../fixtures/certificates/${name}`, import.meta.url);
    copyFileSync(fileURLToPath(from), `${folder}/${name}`);
    chmodSync(`${folder}/${name}`, mode);
  }
}

/** Makes a folder that belongs to a user of the servers' system. */
export function makeFolder(path: string, owner: number, group = owner, mode = 0o755): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  chownSync(path, owner, group);
}
