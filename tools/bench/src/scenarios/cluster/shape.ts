export interface ClusterShape {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly inFlight: number;
  readonly contexts: number;
  readonly messageBytes: number;
  readonly seed: number;
  /** Messages that a node has when it is started again. */
  readonly startMessages: number;
}
