/* global document, URLSearchParams, location, history, fetch, EventSource, crypto, TextDecoderStream */

// Shows a chat: its history, the window beside it, and the answer while it comes. All text goes into the
// page as text; nothing that a model says is taken for markup.

const element = (id) => document.getElementById(id);
const params = new URLSearchParams(location.search);
const chat = params.get('chat') ?? `chat-${randomHex()}`;
history.replaceState(null, '', `?chat=${encodeURIComponent(chat)}`);
const api = `/api/chats/${encodeURIComponent(chat)}`;

/** The answer that is coming, before it is part of the history. */
let coming = null;
let view = null;

function randomHex() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

async function refresh() {
  const answer = await fetch(api);
  if (!answer.ok) throw new Error((await answer.json()).message);
  view = await answer.json();
  render();
}

// One reading at a time; what happens meanwhile is covered by one more.
let reading = null;
let again = false;
function refreshSoon() {
  if (reading !== null) {
    again = true;
    return;
  }
  reading = refresh()
    .catch(showError)
    .finally(() => {
      reading = null;
      if (again) {
        again = false;
        refreshSoon();
      }
    });
}

function render() {
  const inWindow = new Set(view.window.map(({ seq }) => seq));
  const items = view.history.map((message) => item(message, !inWindow.has(message.seq)));
  if (coming !== null && !view.history.some(({ id }) => id === coming.id)) items.push(item(coming, false));
  element('history').replaceChildren(...items);
  element('window').replaceChildren(...view.window.map((message) => item(message, false)));
  element('used').style.width = `${Math.min(100, (100 * view.usedTokens) / view.budget)}%`;
  const due = view.needsCompaction ? ', a summary is due' : '';
  element('tokens').textContent =
    `${view.usedTokens} of ${view.budget} tokens, version ${view.version}${due}`;
  items.at(-1)?.scrollIntoView({ block: 'end' });
}

function item({ role, parts, seq, tokenCount, metadata }, leftWindow) {
  const li = document.createElement('li');
  const summary = metadata?.summary === true;
  li.className = [role, summary ? 'summary' : '', leftWindow ? 'left-window' : ''].join(' ').trim();
  const meta = document.createElement('span');
  meta.className = 'meta';
  const position = seq === undefined ? '' : ` · ${seq}`;
  meta.textContent = `${summary ? 'summary' : role}${position}${tokenCount === undefined ? '' : ` · ${tokenCount} tokens`}`;
  li.append(meta);
  for (const part of parts) {
    if (part.type === 'text') li.append(part.text);
    else if (part.type.startsWith('tool-')) {
      const code = document.createElement('code');
      code.textContent = `${part.type.slice(5)}(${JSON.stringify(part.input ?? {})}) → ${JSON.stringify(part.output ?? '…')}`;
      li.append(code);
    }
  }
  return li;
}

/** The events of the AI SDK's UI message stream: lines of `data: {…}`. */
async function* streamEvents(body) {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data: ') && line !== 'data: [DONE]') yield JSON.parse(line.slice(6));
    }
  }
}

async function say(text) {
  // The id makes it safe to send the same message again.
  const body = JSON.stringify({ id: `u-${randomHex()}`, text });
  const answer = await fetch(`${api}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (!answer.ok) throw new Error((await answer.json()).message);
  const text_ = { type: 'text', text: '' };
  coming = { id: null, role: 'assistant', parts: [text_] };
  for await (const event of streamEvents(answer.body)) {
    if (event.type === 'start') coming.id = event.messageId;
    if (event.type === 'text-delta') text_.text += event.delta;
    if (event.type === 'error') showError(new Error(event.errorText));
    if (view !== null) render();
  }
  coming = null;
  refreshSoon();
}

function showError(error) {
  element('status').textContent = error.message;
}

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = element('text');
  const text = input.value.trim();
  if (text === '') return;
  const button = element('form').querySelector('button');
  input.value = '';
  button.disabled = true;
  say(text)
    .catch(showError)
    .finally(() => {
      button.disabled = false;
      input.focus();
    });
});

const events = new EventSource(`${api}/events`);
events.addEventListener('open', () => {
  element('status').textContent = `Connected to ${chat}`;
  refreshSoon();
});
events.addEventListener('error', () => {
  element('status').textContent = 'The connection is lost; trying again …';
});
events.addEventListener('message', refreshSoon);
