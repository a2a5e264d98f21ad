/** What an attacker writes, drawn from a seeded source. Nothing here is meant to be accepted. */
export class HostileInput {
  readonly #random: () => number;
  readonly #key: string;

  constructor(random: () => number, key: string) {
    this.#random = random;
    this.#key = key;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(first: T, ...rest: readonly T[]): T {
    return rest[this.below(rest.length + 1) - 1] ?? first;
  }

  /** A request that HTTP allows, with a path, headers and a body that the API does not. */
  request(): Buffer {
    const method = this.pick(
      'GET',
      'POST',
      'POST',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'SEARCH',
    );
    const body = Buffer.from(this.#random() < 0.75 ? this.body() : '');
    const headers = [
      'Host: h',
      `Content-Length: ${body.length}`,
      ...(this.#random() < 0.9 ? [`Authorization: Bearer ${this.#key}`] : [this.#authorization()]),
      ...(this.#random() < 0.85 ? ['Content-Type: application/json'] : [this.#contentType()]),
      ...(this.#random() < 0.3 ? [this.#header()] : []),
    ];
    const head = `${method} ${this.path()} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head, 'latin1'), body]);
  }

  /** Bytes that are not HTTP, or stop being it. */
  brokenRequest(): Buffer {
    const good = this.request();
    switch (this.below(8)) {
      case 0:
        return good.subarray(0, this.below(good.length));
      case 1: {
        const flipped = Buffer.from(good);
        for (let n = 0; n < 4; n += 1) flipped[this.below(flipped.length)] = this.below(256);
        return flipped;
      }
      case 2:
        return Buffer.from(`GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`);
      case 3:
        return Buffer.from(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: h\r\n\r\n`);
      case 4:
        return Buffer.from(
          'POST /v1/contexts/fuzz/messages HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        );
      case 5:
        return Buffer.from(
          'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        );
      case 6:
        return Buffer.from('GET / HTTP/9.9\r\nHost: h\r\n\r\n');
      default:
        return Buffer.from(Array.from({ length: 64 }, () => this.below(256)));
    }
  }

  path(): string {
    const id = this.pick(
      'fuzz',
      'fuzz',
      'fuzz',
      'nobody',
      '%00',
      '%2F',
      '..',
      '%zz',
      'a'.repeat(300),
      '%F0%9F%98%80',
      '__proto__',
    );
    const tail = this.pick(
      '',
      '/messages',
      '/messages',
      '/messages',
      '/context',
      '/tail',
      '/compact',
      '/metadata',
      '/stream',
      '/nothing',
    );
    const query = this.pick(
      '',
      '',
      '?limit=',
      '?limit=-1',
      '?cursor=NaN',
      '?from_seq=1e999',
      '?budget_tokens=%00',
      '?if_version=[]',
      '?limit=1&limit=2',
      '?=&&&',
      '?metadata.__proto__=1',
    );
    const ofOne = `/v1/contexts/${id}${tail}${query}`;
    // A list asks all groups, and the metrics render hundreds of series: some hundreds of each say what thousands do.
    const dear = this.below(8) === 0 ? this.pick(`/v1/contexts${query}`, '/metrics') : ofOne;
    return this.pick(
      ofOne,
      ofOne,
      dear,
      '/internal/cluster',
      '/v1/cluster/nodes/%00',
      '//',
      '/../../etc/passwd',
      `/${'x/'.repeat(50)}`,
      '*',
    );
  }

  body(): string {
    const template = this.pick(
      '{"message":{"role":"user","parts":[{"type":"text","text":"hi"}]}}',
      '{"messages":[{"role":"assistant","parts":[{"type":"tool-x","toolCallId":"c","state":"output-available"}]}],"if_version":0}',
      '{"replacement":[{"role":"system","parts":[{"type":"text","text":"s"}]}],"up_to_seq":1}',
      '{"metadata":{"a":{"b":null}}}',
    );
    switch (this.below(9)) {
      case 0:
        return template.slice(0, this.below(template.length));
      case 1:
        return '['.repeat(this.below(20_000));
      case 2:
        return template.replace(/"[a-z]+"(?=:)/, () =>
          this.pick('"__proto__"', '"constructor"', '""', '"\\u0000"', '"role"'),
        );
      case 3:
        return template.replace(/"(user|hi|s|c)"|0|1|null/, () => this.#value());
      case 4:
        return template.replace('[', `[${'{},'.repeat(this.below(2_000))}`);
      case 5:
        return this.#value();
      case 6:
        return template.replaceAll('"', this.pick("'", '\u201c', '\\"', ''));
      case 7:
        return `${template}${template}`;
      default: {
        const at = this.below(template.length);
        return template.slice(0, at) + String.fromCharCode(this.below(0x250)) + template.slice(at + 1);
      }
    }
  }

  /** Bytes on an open websocket: mostly frames that must not be, some that may. */
  frame(): Buffer {
    const payload = this.pick(
      Buffer.from('{"type":"pong"}'),
      Buffer.from(this.body().slice(0, 120)),
      Buffer.from(Array.from({ length: this.below(120) }, () => this.below(256))),
    );
    const first = this.pick(0x81, 0x81, 0x82, 0x80, 0x01, 0x88, 0x89, 0xff, this.below(256));
    const masked = this.#random() < 0.8 ? 0x80 : 0;
    const mask = masked === 0 ? [] : [1, 2, 3, 4];
    const bytes = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
    return Buffer.concat([Buffer.from([first, masked | Math.min(payload.length, 125), ...mask]), bytes]);
  }

  #value(): string {
    return this.pick(
      '-1',
      '1e400',
      '"41"',
      'true',
      'null',
      '[]',
      '{}',
      '0.5',
      '9007199254740993',
      '"\\ud800"',
      '"\\u0000"',
      `"${' '.repeat(2_000)}"`,
      'NaN',
      '-',
    );
  }

  #authorization(): string {
    return this.pick(
      'X: y',
      'Authorization: Bearer',
      'Authorization: Basic YTpi',
      `Authorization: Bearer ${'k'.repeat(4_000)}`,
      'Authorization: \u00ff\u00fe',
    );
  }

  #contentType(): string {
    return this.pick(
      'X: y',
      'Content-Type: text/plain',
      'Content-Type: application/json; charset=utf-16',
      'Content-Type: application/json;;;',
      `Content-Type: ${'a/'.repeat(500)}`,
    );
  }

  #header(): string {
    return this.pick(
      'Content-Encoding: gzip',
      'If-None-Match: "',
      'Idempotency-Key: \u00e9',
      `Idempotency-Key: ${'k'.repeat(300)}`,
      'Last-Event-ID: -1',
      'Accept: text/event-stream',
      'Accept: application/x-ndjson;q=',
      'Expect: 100-continue',
      'X-Forwarded-For: %00',
    );
  }
}
