import { pick } from './random.ts';

/*
 * Ordinary English, varied enough that a tokenizer that remembers whole strings gains nothing: some
 * 10^9 different sentences from these lists, with numbers and names among them as chat has them.
 */
const openers = [
  'Could you check whether',
  'I looked into it, and it seems that',
  'Before we decide anything,',
  'As far as I can tell,',
  'Thanks, that helped, but',
  'According to the log from this morning,',
  'My colleague says that',
  'To answer your question,',
  'What surprises me is that',
  'On the staging environment',
  'If I understand correctly,',
  'We agreed last week that',
];
const subjects = [
  'the invoice for March',
  'our second shipment',
  'the nightly backup job',
  'the new search page',
  'the customer in Lisbon',
  'the database migration',
  'the refund of the damaged lamp',
  'the quarterly report',
  'the login form on mobile',
  'a retry of the payment',
  'the translation into Dutch',
  'the cache in front of the API',
  'the meeting with the auditors',
  'the container image',
];
const verbs = [
  'was never confirmed',
  'takes longer than we expected',
  'arrived two days late',
  'fails only when the queue is full',
  'should be finished by Thursday',
  'returns a different total every time',
  'looks correct to me now',
  'needs another review',
  'was sent to the old address',
  'does not respect the configured limit',
  'works after a restart',
  'has to wait for the other team',
];
const endings = [
  'because somebody changed the settings',
  'although the tests were green',
  'since the update to version {n}',
  'for about {n} of our users',
  'and nobody can say why',
  'so please keep order {n} open',
  'as described in ticket {n}',
  'which costs us roughly {n} dollars a day',
  'unless we raise the timeout to {n} seconds',
  'and I would like to understand the reason',
];

function sentence(random: () => number): string {
  const ending = pick(random, endings).replace('{n}', String(2 + Math.floor(random() * 4_900)));
  return `${pick(random, openers)} ${pick(random, subjects)} ${pick(random, verbs)} ${ending}.`;
}

/** English prose of exactly `bytes` bytes (ASCII, so characters and bytes agree). */
export function englishText(random: () => number, bytes: number): string {
  let text = sentence(random);
  while (text.length < bytes) text += ` ${sentence(random)}`;
  return `${text.slice(0, bytes - 1)}.`;
}
