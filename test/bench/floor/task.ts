/**
 * What the loops of the floor are told, and how they tell what it took.
 */
import * as z from 'zod';
import { Identity } from '../fleet.ts';
import type { Pass } from '../pool.ts';

const width = z.int().min(1).max(256);
/** The first pass has cold code, later ones have not. */
const passes = z.int().min(1).max(10);

export const ProbeTask = z.strictObject({ urls: z.array(z.string()), width, passes });
export type ProbeTask = z.output<typeof ProbeTask>;

export const StatusTask = z.strictObject({
  kubeconfig: z.string(),
  identities: z.array(Identity),
  status: z.record(z.string(), z.unknown()),
  width,
  passes,
});
export type StatusTask = z.output<typeof StatusTask>;

/** `cpuMs` of all: the start of the process and the reading of its task, too. */
export const Told = z.strictObject({
  passes: z.array(z.strictObject({ seconds: z.number(), cpuMs: z.number() })).min(1),
  cpuMs: z.number(),
});

/** Runs all passes, one after the other, and prints what they took as one line of JSON. */
export async function reportPasses(count: number, pass: (number: number) => Promise<Pass>): Promise<void> {
  const done: Pass[] = [];
  for (let number = 0; number < count; number++) done.push(await pass(number));
  const { user, system } = process.cpuUsage();
  const told: z.output<typeof Told> = { passes: done, cpuMs: (user + system) / 1_000 };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
