/** Injection token of the open `ContextStore`. */
export const CONTEXT_STORE = Symbol('CONTEXT_STORE');
