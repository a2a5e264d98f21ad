/** A system under load. Both speak the same HTTP, so that the same bytes are sent to both. */
export interface System {
  readonly name: string;
  /** Starts it and waits until it answers. Data of an earlier start is still there. */
  start(): Promise<RunningSystem>;
  /** Removes everything it has left on disk. */
  dispose(): Promise<void>;
}

export interface RunningSystem {
  readonly port: number;
  /** Processes whose memory and CPU time belong to the system; their children count too. */
  readonly processIds: readonly number[];
  /** Port of V8's inspector, if the system was started with one. */
  readonly inspectorPort?: number | undefined;
  stop(): Promise<void>;
}
