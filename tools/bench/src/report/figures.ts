export function integer(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function milliseconds(microseconds: number): string {
  return (microseconds / 1_000).toFixed(2);
}
