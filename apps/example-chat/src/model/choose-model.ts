import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';
import type { Config } from '../config.ts';
import { mockModel } from './mock-model.ts';

export function chooseModel(config: Config['model']): LanguageModel {
  if (config === null) return mockModel();
  const provider = createOpenAICompatible({
    name: 'openai-compatible',
    baseURL: config.baseUrl,
    ...(config.apiKey === undefined ? {} : { apiKey: config.apiKey }),
  });
  return provider(config.name);
}
