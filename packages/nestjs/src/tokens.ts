/** Injection token of the open `ContextStore`. */
export const CONTEXT_STORE = Symbol('CONTEXT_STORE');
/** Injection token: whether the admin endpoints are served. */
export const ADMIN_ENDPOINTS = Symbol('ADMIN_ENDPOINTS');
