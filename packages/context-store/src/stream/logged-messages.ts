import type { ContextId } from '../context/context-id.js';
import { messageJson } from '../message/message-json.js';
import { readBodies } from '../paging/read-messages.js';
import type { GroupMachine } from '../state/group-machine.js';

/** Bytes of messages in one page. One message is never too large. */
const maximumBytes = 256 << 10;

/** A run of the log, from its first message on as far as a page goes. */
export interface LoggedMessages {
  readonly fromSeq: number;
  /** Complete JSON of each. */
  readonly bodies: readonly Uint8Array[];
}

/** `missing` where the first message of a range that is not empty is not there. */
export async function readLogged(
  machine: GroupMachine,
  id: ContextId,
  ordinal: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<LoggedMessages | 'missing'> {
  if (to < from) return { fromSeq: from, bodies: [] };
  const bodies: Uint8Array[] = [];
  const run = machine.load(id)?.run;
  if (run !== undefined && run.fromSeq <= from && run.nextSeq > from) {
    let bytes = 0;
    for (let seq = from; seq <= to; seq += 1) {
      const json = run.at(seq)?.json;
      if (json === undefined || (bytes > 0 && bytes + json.length > maximumBytes)) break;
      bytes += json.length;
      bodies.push(json);
    }
    return { fromSeq: from, bodies };
  }
  const last = await readBodies(machine, ordinal, { from, to }, maximumBytes, (seq, body) => {
    bodies.push(messageJson(seq, body));
  });
  return last < from ? 'missing' : { fromSeq: from, bodies };
}
