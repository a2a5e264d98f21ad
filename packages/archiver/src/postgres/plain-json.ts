const replacement = '\\ufffd';
/**
 * A quotation mark, a pair of escaped surrogates, one escape, or what may be a number. No alternative can go back and
 * try another way: with `\d+[eE]` a number of a million digits took hours, and with whole strings a long one ended in
 * an overflow of the stack.
 */
const token =
  /"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|-?\d[\d.eE+-]*/g;
const refused = /^\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})$/;
/** Of `numeric`, before the point and behind it. */
const largestDigits = { whole: 131_072, fraction: 16_383 } as const;

/**
 * The same JSON as Postgres takes it for `jsonb`: NUL characters and halves of surrogate pairs become
 * U+FFFD, numbers outside of `numeric` become strings. What Postgres takes anyway stays byte for byte.
 * Sources: "JSON Types" (8.14) and "Numeric Types" (8.1) of Postgres' manual.
 */
export function plainJson(json: string): string {
  let inString = false;
  return json.replace(token, (found) => {
    if (found === '"') inString = !inString;
    else if (found.startsWith('\\')) return refused.test(found) ? replacement : found;
    else if (!inString && !isNumeric(found)) return `"${found}"`;
    return found;
  });
}

function isNumeric(number: string): boolean {
  const [mantissa = '', exponent = '0'] = number.split(/[eE]/);
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const shift = Number(exponent);
  return whole.length + shift <= largestDigits.whole && fraction.length - shift <= largestDigits.fraction;
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
