/** The sum of a counter or gauge of Prometheus's text format, over the label sets that hold the given labels. */
export function metricSum(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const [, found = '', value = ''] = /^[a-z0-9_]+(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    const exact = line[name.length] === '{' || line[name.length] === ' ';
    if (exact && wanted.every((label) => found.split(',').includes(label))) sum += Number(value);
  }
  return sum;
}
