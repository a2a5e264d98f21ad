import type { ContextSettings } from '@fastpaca/context-store';
import type { PutContextBody } from '@fastpaca/protocol';

/** The settings that a body names, under the store's names. */
export function settingsOf(body: PutContextBody): ContextSettings {
  return {
    ...(body.token_budget === undefined ? {} : { tokenBudget: body.token_budget }),
    ...(body.trigger_ratio === undefined ? {} : { triggerRatio: body.trigger_ratio }),
    ...(body.policy === undefined ? {} : { policy: body.policy }),
    ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
    ...(body.status === undefined ? {} : { status: body.status }),
  };
}
