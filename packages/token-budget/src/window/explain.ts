import { fitEntries } from './fit.js';
import type { LoadedWindow } from './item.js';
import type { ExplainedMessage, ExplainResult } from './results.js';
import type { Resolved } from './resolve.js';
import type { WindowState } from './state.js';

/**
 * Why each loaded message is in the window of `fitWindow(state, budgetTokens, loaded)`, or not.
 * `loaded.live` may reach back beyond `state.liveFrom`, to explain what has left the window.
 * The replacement's messages come first, then pinned and live ones in the order of the log.
 */
export function explainWindow(state: WindowState, budgetTokens: number, loaded: LoadedWindow): ExplainResult {
  const fitted = fitEntries(state, budgetTokens, loaded);
  if (fitted.kind !== 'fits') return fitted;
  const keptReplacement = new Map<number, ExplainedMessage>();
  const keptLog = new Map<number, ExplainedMessage>();
  for (const { type, message } of fitted.entries) {
    const reason = message.parts === 'all' ? type : 'parts_skipped';
    const explained: ExplainedMessage = { seq: message.seq, kept: true, reason, tokens: message.tokens };
    if (message.seq === null) keptReplacement.set(message.replacementIndex, explained);
    else keptLog.set(message.seq, explained);
  }
  const hidden = new Map(fitted.view.entries.map((entry) => [entry.seq, entry]));
  const replacement = loaded.replacement.map(
    ({ tokens }, index): ExplainedMessage =>
      keptReplacement.get(index) ?? { seq: null, kept: false, reason: 'over_budget', tokens },
  );
  const log = new Map([...loaded.pinned, ...loaded.live].map((item) => [item.seq, item.outline]));
  const logged = [...log].map(
    ([seq, { tokens }]): ExplainedMessage =>
      keptLog.get(seq) ?? { seq, kept: false, reason: whyNot(state, seq, hidden.get(seq)), tokens },
  );
  return { kind: 'explained', messages: [...replacement, ...logged] };
}

function whyNot(state: WindowState, seq: number, entry: Resolved | undefined): ExplainedMessage['reason'] {
  if (seq < state.liveFrom) {
    return seq <= (state.replacement?.toSeq ?? 0) ? 'replaced' : 'cut';
  }
  return entry?.hidden ?? 'over_budget';
}
