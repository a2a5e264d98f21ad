import type { NodeId } from '@fastpaca/raft-core';

import type { PeerNetwork } from '../peer/peer-network.js';
import { decode } from './facts-codec.js';
import { nodeReportSchema, type NodeReport } from './node-report.js';

const method = 'cluster.report';

/** Asks other nodes how they are. */
export class ReportService {
  readonly #own: () => NodeReport;
  readonly #network: PeerNetwork | null;

  constructor(own: () => NodeReport, network: PeerNetwork | null) {
    this.#own = own;
    this.#network = network;
    network?.handle(method, () => Promise.resolve(Buffer.from(JSON.stringify(own()))));
  }

  /** This node's report, and those of the others that answer in time. */
  async collect(
    self: NodeId,
    nodes: ReadonlySet<NodeId>,
    deadlineMs: number,
  ): Promise<ReadonlyMap<NodeId, NodeReport>> {
    const reports = new Map<NodeId, NodeReport>([[self, this.#own()]]);
    const asking = [...nodes].map(async (node) => {
      if (node === self || this.#network === null) return;
      const bytes = await this.#network
        .request(node, method, new Uint8Array(0), { deadlineMs })
        .catch(() => null);
      const report = bytes === null ? null : decode(nodeReportSchema, bytes);
      if (report !== null) reports.set(node, report);
    });
    await Promise.all(asking);
    return reports;
  }
}
