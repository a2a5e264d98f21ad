import Table from 'cli-table3';

const none = '';
/** Spaces between columns, no lines: to be read, and to be cut by `awk`. */
const chars = {
  top: none,
  'top-mid': none,
  'top-left': none,
  'top-right': none,
  bottom: none,
  'bottom-mid': none,
  'bottom-left': none,
  'bottom-right': none,
  left: none,
  'left-mid': none,
  mid: none,
  'mid-mid': none,
  right: none,
  'right-mid': none,
  middle: '  ',
};

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const made = new Table({ chars, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } });
  made.push([...head], ...rows.map((row) => row.map(String)));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Names and values below each other. */
export const pairs = (rows: readonly (readonly [string, string | number])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};
