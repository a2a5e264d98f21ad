import type { Heartbeat, HeartbeatResponse, Message } from '@fastpaca/raft-core';

import { LESSONS } from '../wire/beat-bodies.js';
import type { Again, Place } from '../wire/beat-bodies.js';

/** What every group of a leader sends in each heartbeat interval, and what comes back. */
export type Beat = Heartbeat | HeartbeatResponse;

/** Fewer are sent as they are. */
const MIN_BEATS = 8;
/** In one lesson: it travels whole. */
const MAX_BEATS = 512;
/** Of a turn's beats: they are told in one lesson rather than in yet another piece. */
const MAX_PIECES = 2;

interface Lesson {
  readonly number: number;
  readonly beats: readonly Beat[];
  /** Of its beats: those that were not taught anew since. */
  live: number;
}

/** The messages of a turn, as they are sent. */
export interface Abridged {
  readonly again: readonly Again[];
  readonly lesson: (Place & { readonly beats: readonly Beat[] }) | null;
  readonly rest: readonly Message[];
}

const isBeat = (message: Message): message is Beat =>
  message.type === 'heartbeat' || message.type === 'heartbeat_response';

/**
 * Abridges the beats of idle groups: they say the same again and again, some five hundred a second for a peer. What
 * was said once, word for word, is named afterwards by a bit.
 *
 * Nothing of Raft changes: the peer puts together the very messages that this end was given, each of
 * them still answered by its own group. A lesson that is lost, or is another one than the peer has, costs
 * what the loss of its messages costs; `forget` makes the next one whole again.
 */
export class BeatTeacher {
  readonly #slots: (Lesson | undefined)[] = [];
  readonly #places = new Map<number, { readonly slot: number; readonly at: number }>();
  /** Sent as they are last time: said again, they are worth a lesson, however few. */
  readonly #plain = new Map<number, Beat>();
  #numbers = 0;

  abridge(messages: readonly Message[]): Abridged {
    const beats = messages.filter(isBeat);
    if (beats.length < MIN_BEATS) return { again: [], lesson: null, rest: messages };
    const bits = new Map<number, Uint8Array>();
    const fresh = beats.filter((beat) => !this.#mark(beat, bits));
    const again = [...bits].flatMap(([slot, set]): Again[] => {
      const number = this.#slots[slot]?.number;
      return number === undefined ? [] : [{ slot, number, bits: set }];
    });
    const others = messages.filter((message) => !isBeat(message));
    if (fresh.length < MIN_BEATS && !this.#repeats(fresh)) {
      for (const beat of fresh) this.#plain.set(keyOf(beat), beat);
      return { again, lesson: null, rest: [...fresh, ...others] };
    }
    for (const beat of fresh) this.#plain.delete(keyOf(beat));
    // Told in pieces, beats and answers came to need more lessons than there are, and each took the other's place. What
    // is said together is told together, then.
    const whole = again.length >= MAX_PIECES && beats.length <= MAX_BEATS;
    if (whole) return { again: [], lesson: this.#teach(beats, new Map()), rest: others };
    const lesson = this.#teach(fresh.slice(0, MAX_BEATS), bits);
    return { again, lesson, rest: [...fresh.slice(MAX_BEATS), ...others] };
  }

  /** The peer may not have what it was told. */
  forget(): void {
    this.#slots.length = 0;
    this.#places.clear();
    this.#plain.clear();
  }

  #repeats(beats: readonly Beat[]): boolean {
    return beats.some((beat) => {
      const before = this.#plain.get(keyOf(beat));
      return before !== undefined && sameBeat(before, beat);
    });
  }

  /** Sets the bit of a beat that the peer knows. One that is said twice in a turn has only one bit: the second is not known. */
  #mark(beat: Beat, bits: Map<number, Uint8Array>): boolean {
    const place = this.#places.get(keyOf(beat));
    if (place === undefined) return false;
    const lesson = this.#slots[place.slot];
    const known = lesson?.beats[place.at];
    if (lesson === undefined || known === undefined || !sameBeat(known, beat)) return false;
    let set = bits.get(place.slot);
    if (set === undefined) {
      set = new Uint8Array(Math.ceil(lesson.beats.length / 8));
      bits.set(place.slot, set);
    }
    const [at, bit] = [place.at >> 3, 1 << (place.at & 7)];
    const before = set[at] ?? 0;
    set[at] = before | bit;
    return (before & bit) === 0;
  }

  /** In the place of the lesson of which least is still said, but of none that this turn names. */
  #teach(beats: readonly Beat[], inUse: ReadonlyMap<number, unknown>): NonNullable<Abridged['lesson']> {
    for (const beat of beats) this.#untell(beat);
    const slot = this.#leastSaid(inUse);
    for (const beat of this.#slots[slot]?.beats ?? []) {
      if (this.#places.get(keyOf(beat))?.slot === slot) this.#places.delete(keyOf(beat));
    }
    this.#numbers += 1;
    const number = this.#numbers;
    for (const [at, beat] of beats.entries()) this.#places.set(keyOf(beat), { slot, at });
    this.#slots[slot] = { number, beats, live: new Set(beats.map(keyOf)).size };
    return { slot, number, beats };
  }

  /** It is told anew: the lesson that it stands in counts one less. */
  #untell(beat: Beat): void {
    const lesson = this.#slots[this.#places.get(keyOf(beat))?.slot ?? LESSONS];
    if (lesson !== undefined) lesson.live -= 1;
    this.#places.delete(keyOf(beat));
  }

  #leastSaid(inUse: ReadonlyMap<number, unknown>): number {
    let slot = 0;
    let least = Infinity;
    for (let candidate = 0; candidate < LESSONS; candidate += 1) {
      const live = inUse.has(candidate) ? Infinity : (this.#slots[candidate]?.live ?? -1);
      if (live >= least) continue;
      slot = candidate;
      least = live;
    }
    return slot;
  }
}

const keyOf = ({ group, type }: Beat): number => 2 * group + Number(type === 'heartbeat');

/** Sender, receiver, group and type are the same already. */
function sameBeat(a: Beat, b: Beat): boolean {
  if (a.term !== b.term || a.round !== b.round) return false;
  if (a.type === 'heartbeat') return b.type === 'heartbeat' && a.commit === b.commit;
  return b.type === 'heartbeat_response' && a.incarnation === b.incarnation;
}

/** The other end: what a peer taught, and what it says of it. */
export class BeatPupil {
  readonly #slots: ({ readonly number: number; readonly beats: readonly Message[] } | undefined)[] = [];

  learn({ slot, number }: Place, beats: readonly Message[]): void {
    this.#slots[slot] = { number, beats };
  }

  /** The messages. None where the lesson did not come, or another one stands in its place. */
  recall({ slot, number, bits }: Again): readonly Message[] {
    const lesson = this.#slots[slot];
    if (lesson?.number !== number) return [];
    return lesson.beats.filter((_, at) => ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0);
  }
}
