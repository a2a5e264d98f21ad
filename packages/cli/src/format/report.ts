import type { ImportReport } from '@fastpaca/fastpaca';
import { table, pairs } from './table.js';

export function reportText(report: ImportReport): string {
  const { imported, replaced, unchanged, messages, conflicts, conflictCount } = report;
  const counts = pairs([
    ['imported', imported],
    ['replaced', replaced],
    ['unchanged', unchanged],
    ['messages', messages],
    ['conflicts', conflictCount],
  ]);
  if (conflicts.length === 0) return counts;
  const shown = table(
    ['CONFLICT', 'REASON'],
    conflicts.map(({ id, reason }) => [id, reason]),
  );
  const more = conflictCount - conflicts.length;
  return `${counts}\n\n${shown}${more > 0 ? `\n… and ${more} more` : ''}`;
}
