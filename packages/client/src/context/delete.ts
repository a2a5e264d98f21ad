import type { Http } from '../http/http.js';
import type { CallOptions } from './append.js';
import { contextPath } from './path.js';

export interface DeleteOptions extends CallOptions {
  /**
   * Removes log, window and archived rows for good, on every replica. Default false: the context
   * becomes read-only.
   */
  readonly erase?: boolean | undefined;
}

export async function deleteContext(http: Http, id: string, options: DeleteOptions): Promise<void> {
  const erase = options.erase === true;
  await http.json({
    method: 'DELETE',
    path: contextPath(id),
    query: { mode: erase ? 'erase' : undefined },
    // A second erase could remove what somebody has created afresh under the id in between.
    repetition: erase ? 'once' : 'repeatable',
    signal: options.signal,
  });
}
