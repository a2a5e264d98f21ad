import { z } from 'zod';

export const healthAnswer = z.object({ status: z.literal('ok') }).meta({ id: 'Healthy' });
export type HealthAnswer = z.output<typeof healthAnswer>;

export const startingAnswer = z
  .object({ status: z.literal('starting'), reason: z.string() })
  .meta({ id: 'Starting' });
export type StartingAnswer = z.output<typeof startingAnswer>;
