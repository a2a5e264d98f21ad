/** What the environment says; see README.md. */
export interface Config {
  readonly port: number;
  readonly host: string;
  readonly storeUrls: readonly string[];
  readonly storeKey: string | undefined;
  /** A service that speaks OpenAI's chat completions; null: the mock model. */
  readonly model: {
    readonly baseUrl: string;
    readonly apiKey: string | undefined;
    readonly name: string;
  } | null;
  /** Budget of a chat's window in tokens: small, so that one sees it being compacted. */
  readonly budget: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the variable, where one does not parse */
export function readConfig(env: Environment): Config {
  const modelName = env['OPENAI_MODEL'];
  return {
    port: integer(env, 'PORT', 4100),
    host: env['HOST'] || 'localhost',
    storeUrls: (env['FASTPACA_URL'] || 'http://localhost:4000').split(','),
    storeKey: env['FASTPACA_API_KEY'] || undefined,
    model: modelName
      ? {
          baseUrl: env['OPENAI_BASE_URL'] || 'https://api.openai.com/v1',
          apiKey: env['OPENAI_API_KEY'] || undefined,
          name: modelName,
        }
      : null,
    budget: integer(env, 'EXAMPLE_BUDGET', 600),
  };
}

function integer(env: Environment, name: string, otherwise: number): number {
  const text = env[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`${name} must be a whole number, not "${text}"`);
  return value;
}
