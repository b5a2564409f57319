/** `plainwire lookup HOST...`: addresses, names and mail exchangers, a fact a line. */
import type { Command } from 'commander';
import { PlainwireError } from '../errors.ts';
import { safe } from '../trace/index.ts';
import { type HostInfo, lookup } from '../transport/index.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Each line is the host, what kind of fact it is, and the fact. A host that can't
be found has a line of its own.

Examples:
  $ plainwire lookup localhost
  $ plainwire lookup example.com 192.0.2.1 ::1
  $ plainwire lookup example.com | grep mail
`;

export function lookupCommand(
  program: Command,
  run: (work: Promise<ExitCode>) => Promise<void>,
  terminal: Terminal,
): void {
  program
    .command('lookup')
    .summary('find the addresses, names and mail exchangers of hosts')
    .description('Finds the addresses, names and mail exchangers of hosts, each given by name or address.')
    .argument('<host...>', 'host names, IPv4 or IPv6 addresses')
    .addHelpText('after', EXAMPLES)
    .action((hosts: string[]) => run(lookupAll(hosts, terminal)));
}

async function lookupAll(hosts: readonly string[], terminal: Terminal): Promise<ExitCode> {
  // Asked side by side, shown in the order given.
  const answers = hosts.map((host) => lookup(host).catch((error: unknown) => error));
  let failed = false;
  for (const [index, answer] of answers.entries()) {
    const found = await answer;
    const host = hosts[index] ?? '';
    if (found instanceof PlainwireError) {
      failed = true;
      terminal.out(`${safe(host)}  failed  ${safe(found.message)}\n`);
    } else if (isInfo(found)) {
      terminal.out(hostLines(found).join(''));
    } else {
      throw found;
    }
  }
  return failed ? EXIT.failed : EXIT.done;
}

function isInfo(found: unknown): found is HostInfo {
  return typeof found === 'object' && found !== null && 'addresses' in found;
}

function hostLines(info: HostInfo): string[] {
  const lines: string[] = [];
  const add = (kind: string, fact: string) => lines.push(`${safe(info.host)}  ${kind}  ${safe(fact)}\n`);
  for (const { address, family } of info.addresses) add(`IPv${family}`, address);
  if (info.canonicalName !== undefined) add('canonical', info.canonicalName);
  for (const [address, names] of info.reverseNames) {
    for (const name of names) add('name', `${name} (of ${address})`);
  }
  for (const { preference, exchange } of info.mailExchangers) {
    add('mail', exchange === '' ? 'none: this domain takes no mail' : `${exchange} (preference ${preference})`);
  }
  return lines;
}
