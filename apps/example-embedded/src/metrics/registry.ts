/** Injection token of the application's prom-client registry. */
export const REGISTRY = Symbol('REGISTRY');
