import { ByteReader, ByteWriter } from '../outline/bytes.js';
import type {
  MessageGroup,
  Pin,
  ReplacementState,
  SkipState,
  Tally,
  TurnState,
  WindowState,
} from './state.js';
import { zero } from './tally.js';

/**
 * ```
 * version=2 · has (replacement 1, skip 2, turn 4) · lastSeq · liveFrom · liveTokens · liveCount ·
 *   pinnedTokens · pins · [replacement] · [skip] · [turn]
 * ```
 * Numbers are LEB128, in the order of the types in state.ts; a list begins with its length.
 */
const version = 2;

const hasReplacement = 1;
const hasSkip = 2;
const hasTurn = 4;

const writer = new ByteWriter();

/** Bytes of a state: some 20, and more only for pins, a skip, or open calls. Equal states, equal bytes. */
export function encodeWindowState(state: WindowState): Uint8Array {
  writer.reset();
  writer.byte(version);
  writer.byte(
    (state.replacement === null ? 0 : hasReplacement) |
      (state.skip === null ? 0 : hasSkip) |
      (state.turn === null ? 0 : hasTurn),
  );
  writer.uint(state.lastSeq);
  writer.uint(state.liveFrom);
  writer.uint(state.liveTokens);
  writer.uint(state.liveCount);
  writer.uint(state.pinnedTokens);
  writer.uint(state.pins.length);
  for (const pin of state.pins) writePin(pin);
  if (state.replacement !== null) writeReplacement(state.replacement);
  if (state.skip !== null) writeSkip(state.skip);
  if (state.turn !== null) writeTurn(state.turn);
  return writer.take();
}

/**
 * The state that `encodeWindowState` encoded, read from `offset` of a longer record if need be.
 *
 * @throws RangeError if the bytes are not a state, or of a version that this release does not know.
 */
export function decodeWindowState(bytes: Uint8Array, offset = 0): WindowState {
  const reader = new ByteReader(bytes, offset);
  const found = reader.byte();
  if (found < 1 || found > version)
    throw new RangeError(`Window state version ${found} is not known; upgrade this node.`);
  const has = reader.byte();
  return {
    lastSeq: reader.uint(),
    liveFrom: reader.uint(),
    liveTokens: reader.uint(),
    liveCount: reader.uint(),
    pinnedTokens: reader.uint(),
    pins: readList(reader, readPin),
    replacement: (has & hasReplacement) === 0 ? null : readReplacement(reader, found),
    skip: (has & hasSkip) === 0 ? null : readSkip(reader),
    turn: (has & hasTurn) === 0 ? null : readTurn(reader),
  };
}

function writePin(pin: Pin): void {
  writer.uint(pin.fromSeq);
  writer.uint(pin.toSeq);
  writer.uint(pin.tokens);
  writer.uint(pin.openTokens);
}

function readPin(reader: ByteReader): Pin {
  return {
    fromSeq: reader.uint(),
    toSeq: reader.uint(),
    tokens: reader.uint(),
    openTokens: reader.uint(),
  };
}

function writeReplacement(replacement: ReplacementState): void {
  writer.uint(replacement.count);
  writer.uint(replacement.headCount);
  writer.uint(replacement.headTokens);
  writer.uint(replacement.from);
  writer.uint(replacement.bodyTokens);
  writer.uint(replacement.lastTurnTokens);
  writer.byte((replacement.hasUser ? 1 : 0) | (replacement.isPinned ? 2 : 0));
  writer.uint(replacement.fromSeq);
  writer.uint(replacement.toSeq);
}

/** Version 1 did not know the last turn's tokens: nothing pins it. */
function readReplacement(reader: ByteReader, found: number): ReplacementState {
  const [count, headCount, headTokens] = [reader.uint(), reader.uint(), reader.uint()];
  const [from, bodyTokens] = [reader.uint(), reader.uint()];
  const lastTurnTokens = found === 1 ? 0 : reader.uint();
  const has = reader.byte();
  return {
    count,
    headCount,
    headTokens,
    from,
    bodyTokens,
    lastTurnTokens,
    hasUser: (has & 1) !== 0,
    isPinned: (has & 2) !== 0,
    fromSeq: reader.uint(),
    toSeq: reader.uint(),
  };
}

function writeSkip(skip: SkipState): void {
  writer.uint(skip.through);
  writer.uint(skip.kinds.length);
  for (const kind of skip.kinds) writer.string(kind);
}

function readSkip(reader: ByteReader): SkipState {
  return { through: reader.uint(), kinds: readList(reader, (each) => each.string()) };
}

function writeTurn(turn: TurnState): void {
  writer.byte((turn.startTokens === null ? 0 : 1) | (turn.openFrom === null ? 0 : 2));
  writer.uint(turn.seq);
  writeTally(turn.tally);
  if (turn.startTokens !== null) writer.uint(turn.startTokens);
  if (turn.openFrom !== null) {
    writer.uint(turn.openFrom);
    writeTally(turn.open);
  }
  writer.uint(turn.groups.length);
  for (const group of turn.groups) writeGroup(group);
}

function readTurn(reader: ByteReader): TurnState {
  const has = reader.byte();
  const seq = reader.uint();
  const tally = readTally(reader);
  const startTokens = (has & 1) === 0 ? null : reader.uint();
  const openFrom = (has & 2) === 0 ? null : reader.uint();
  const open = openFrom === null ? zero : readTally(reader);
  return { seq, tally, startTokens, openFrom, open, groups: readList(reader, readGroup) };
}

function writeGroup(group: MessageGroup): void {
  writer.byte((group.reasoning ? 1 : 0) | (group.pinned ? 2 : 0));
  writer.uint(group.fromSeq);
  writer.uint(group.toSeq);
  writer.uint(group.calls.length);
  for (const call of group.calls) writer.string(call);
  writeTally(group.tally);
  writeTally(group.open);
}

function readGroup(reader: ByteReader): MessageGroup {
  const has = reader.byte();
  return {
    fromSeq: reader.uint(),
    toSeq: reader.uint(),
    calls: readList(reader, (each) => each.string()),
    reasoning: (has & 1) !== 0,
    pinned: (has & 2) !== 0,
    tally: readTally(reader),
    open: readTally(reader),
  };
}

function writeTally(tally: Tally): void {
  writer.uint(tally.tokens);
  writer.uint(tally.count);
  writer.uint(tally.pinnedTokens);
}

function readTally(reader: ByteReader): Tally {
  return { tokens: reader.uint(), count: reader.uint(), pinnedTokens: reader.uint() };
}

function readList<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const length = reader.uint();
  const list: T[] = [];
  for (let i = 0; i < length; i++) list.push(read(reader));
  return list;
}
