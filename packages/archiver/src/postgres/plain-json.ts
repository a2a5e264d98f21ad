const replacement = '\\ufffd';
/** A JSON string, or a number with an exponent. Everything else passes as it is. */
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?[eE][+-]?\d+/g;
/** A pair of escaped surrogates, or one escape. */
const escape = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\./g;
const refused = /^\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})$/;
/** `numeric` has 131,072 digits before the point and 16,383 behind it. */
const largestExponent = 16_000;

/**
 * The same JSON as Postgres takes it for `jsonb`: NUL characters and halves of surrogate pairs become
 * U+FFFD, numbers outside of `numeric` become strings. What Postgres takes anyway stays byte for byte.
 * Sources: "JSON Types" (8.14) and "Numeric Types" (8.1) of Postgres' manual.
 */
export function plainJson(json: string): string {
  return json.replace(token, (found) => {
    if (found.startsWith('"')) {
      return found.replace(escape, (each) => (refused.test(each) ? replacement : each));
    }
    const exponent = Number(found.slice(found.search(/[eE]/) + 1));
    return Math.abs(exponent) > largestExponent ? `"${found}"` : found;
  });
}

const suspicious = [Buffer.from('\\u0000'), Buffer.from('\\ud'), Buffer.from('\\uD')];

/** Whether the bytes may hold what `plainJson` would replace in strings; a quick look, never a false no. */
export function maybeNotPlain(bytes: Buffer): boolean {
  return suspicious.some((pattern) => bytes.includes(pattern));
}

/** A string as `text` takes it. */
export function plainText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}
