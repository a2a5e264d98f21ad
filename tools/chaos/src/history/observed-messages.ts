import type { Violation } from './operation.ts';

/**
 * Every message that any answer, read or frame has shown, by context and seq. What was shown once must be shown
 * again and again, so the first sight of a message binds all later ones, whichever node they come from.
 */
export class ObservedMessages {
  readonly #texts = new Map<string, Map<number, string>>();

  /** Null, or the violation. */
  observe(context: string, seq: number, text: string, where: string): Violation | null {
    let texts = this.#texts.get(context);
    if (texts === undefined) {
      texts = new Map();
      this.#texts.set(context, texts);
    }
    const known = texts.get(seq);
    if (known === undefined) {
      texts.set(seq, text);
      return null;
    }
    if (known === text) return null;
    return {
      check: 'immutable log',
      context,
      message: `${where} shows "${text}" as seq ${seq}, which was "${known}" before`,
    };
  }

  of(context: string): ReadonlyMap<number, string> {
    return this.#texts.get(context) ?? new Map<number, string>();
  }
}
