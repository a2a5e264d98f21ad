import type { ContextStore, StreamPosition } from '@fastpaca/context-store';
import { type FramePage, framePage } from './frame.js';

/** Reads the frames of one context for one client. */
export interface FrameSource {
  after(position: StreamPosition): Promise<FramePage>;
  /** The client is gone. */
  leave(): void;
}

interface Group {
  readers: number;
  /** The page that was read last, for whoever else stands at the same position. */
  last: { readonly at: string; readonly page: Promise<FramePage> } | null;
}

/**
 * Clients of one context mostly stand at the same position: its end. What one of them reads and
 * encodes there serves all. One page is kept for a context that has several clients, none else.
 */
export class SharedChanges {
  private readonly groups = new Map<string, Group>();

  constructor(private readonly store: Pick<ContextStore, 'changes'>) {}

  join(id: string, bodies: boolean): FrameSource {
    const name = `${id} ${bodies}`;
    const group = this.groups.get(name) ?? { readers: 0, last: null };
    this.groups.set(name, group);
    group.readers += 1;
    let left = false;
    return {
      after: (position) => this.read(group, id, bodies, position),
      leave: () => {
        if (left) return;
        left = true;
        group.readers -= 1;
        if (group.readers <= 1) group.last = null;
        if (group.readers === 0) this.groups.delete(name);
      },
    };
  }

  private read(group: Group, id: string, bodies: boolean, position: StreamPosition): Promise<FramePage> {
    const at = keyOf(position);
    if (group.last?.at === at) return group.last.page;
    const page = this.store.changes(id, position, { bodies }).then(framePage);
    if (group.readers <= 1) return page;
    group.last = { at, page };
    const forget = (): void => {
      if (group.last?.page === page) group.last = null;
    };
    // A page without frames ends where it began: kept, it would be read again and again.
    page.then(({ frames }) => {
      if (frames.length === 0) forget();
    }, forget);
    return page;
  }
}

const keyOf = ({ life, version, messages, load }: StreamPosition): string =>
  `${life} ${version} ${messages} ${load?.usedTokens ?? ''} ${load?.needsCompaction ?? ''}`;
