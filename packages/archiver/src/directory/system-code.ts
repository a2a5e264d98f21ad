/** `ENOENT` and the like, of an error of the file system; else an empty text. */
export function systemCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
