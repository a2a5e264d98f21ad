/** How the server closes the websocket of a stream, and what to do then. */
export const closeCodes = {
  ended: { code: 1000, meaning: 'Nothing will follow: the context was tombstoned or erased.', resume: false },
  node_stops: { code: 1001, meaning: 'The node stops. Resume on another one.', resume: true },
  not_a_frame: { code: 1008, meaning: 'The client sent what is no frame, or too many.', resume: false },
  frame_too_large: { code: 1009, meaning: 'The client sent a frame above 4 KiB.', resume: false },
  failed: { code: 1011, meaning: 'The node cannot read the context now. Resume with backoff.', resume: true },
  too_slow: {
    code: 1013,
    meaning: 'The client did not take what was sent and its buffer is full. Resume by cursor.',
    resume: true,
  },
  silent: { code: 4408, meaning: 'Nothing came from the client for 90 seconds.', resume: true },
} as const satisfies Record<
  string,
  { readonly code: number; readonly meaning: string; readonly resume: boolean }
>;

export type CloseReason = keyof typeof closeCodes;
