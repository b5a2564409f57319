import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PlainwireError } from '../../src/errors.ts';
import { Mailer } from '../../src/smtp/index.ts';
import { type Delivery, type ScriptStep, scriptedServer } from '../support/scripted-server.ts';

interface Case {
  readonly id: string;
  readonly name: string;
  readonly level: 'must' | 'should';
  readonly job: {
    readonly from: string;
    readonly to: readonly string[];
    readonly messageBase64: string;
    readonly tls: 'never' | 'opportunistic' | 'required';
    readonly auth?:
      | { readonly user: string; readonly pass: string }
      | { readonly user: string; readonly token: string };
    readonly allowPlaintextAuth?: boolean;
    readonly timeoutMs?: number;
  };
  readonly steps: readonly ScriptStep[];
  readonly expectedOutcome: {
    readonly result: string;
    readonly stage?: string;
    readonly code?: number;
    readonly timeout?: boolean;
    readonly accepted?: readonly string[];
    readonly rejected?: readonly string[];
    readonly messageIncludes?: readonly string[];
    readonly forbidLineRegex?: string;
    readonly orLocalReject?: boolean;
  };
}

const { cases } = JSON.parse(
  readFileSync(new URL('../fixtures/cases/smtp-transcripts.json', import.meta.url), 'utf8'),
) as { cases: Case[] };
const SECURITY = { never: 'none', opportunistic: 'opportunistic', required: 'starttls' } as const;
const STAGES: Readonly<Record<string, readonly string[]>> = {
  connect: ['connect', 'greeting'],
  datadone: ['content'],
  data: ['data', 'content'],
  local: [],
};

describe.each(['whole', 'lines', 'bytes'] as const)('conformance cases, %s', (delivery: Delivery) => {
  it.each(cases.map((each) => [`${each.id} ${each.name}`, each] as const))(
    '%s',
    async (_, { job, steps, expectedOutcome }) => {
      const server = await scriptedServer(steps, delivery);
      const mailer = new Mailer({
        host: '127.0.0.1',
        port: server.port,
        security: SECURITY[job.tls],
        timeouts: job.timeoutMs ?? 5_000,
        ...(job.auth === undefined ? {} : { auth: job.auth }),
        ...(job.allowPlaintextAuth === undefined ? {} : { allowPlaintextAuth: job.allowPlaintextAuth }),
      });
      const outcome = await mailer
        .send({ envelope: { from: job.from, to: [...job.to] }, raw: Buffer.from(job.messageBase64, 'base64') })
        .then(
          (value) => ({ ok: true as const, value }),
          (error: unknown) => ({ ok: false as const, error }),
        );
      await mailer.close();
      await server.close();
      expect(server.complaints).toEqual([]);
      const { forbidLineRegex } = expectedOutcome;
      if (forbidLineRegex !== undefined) {
        const forbidden = new RegExp(forbidLineRegex.replace('(?i)', ''), 'i');
        expect(server.lines.filter((line) => forbidden.test(line))).toEqual([]);
      }
      if (outcome.ok) {
        expect(expectedOutcome.result).toContain('sent');
        if (expectedOutcome.accepted !== undefined)
          expect(outcome.value.accepted.map(({ address }) => address)).toEqual(expectedOutcome.accepted);
        if (expectedOutcome.rejected !== undefined)
          expect(outcome.value.rejected.map(({ address }) => address)).toEqual(expectedOutcome.rejected);
        return;
      }
      const { error } = outcome;
      expect(error).toBeInstanceOf(PlainwireError);
      if (!(error instanceof PlainwireError)) return;
      expect(expectedOutcome.result, error.stack).toContain('failed');
      // behind a 354 the message is gone before the close can be seen
      if (error.phase !== 'content') expect(error.mayHaveBeenDelivered).toBe(false);
      if (expectedOutcome.stage !== undefined && error.phase !== undefined) {
        expect(expectedOutcome.stage.split('|').flatMap((stage) => STAGES[stage] ?? [stage])).toContain(error.phase);
      }
      if (expectedOutcome.code !== undefined) expect(error.reply?.code).toBe(expectedOutcome.code);
      if (expectedOutcome.timeout === true) expect(error.code).toBe('DEADLINE_PASSED');
      for (const text of expectedOutcome.messageIncludes ?? []) expect(error.message).toContain(text);
    },
  );
});
