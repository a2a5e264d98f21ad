import { tool } from 'ai';
import { z } from 'zod';

/** A tool, so that the history has calls with results in it. Its weather is made up. */
export const tools = {
  weather: tool({
    description: 'The weather in a city, now.',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => ({ city, sky: city.length % 2 === 0 ? 'rain' : 'sun', celsius: city.length }),
  }),
};
