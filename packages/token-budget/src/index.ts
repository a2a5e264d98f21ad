// Outlines and windows
export type {
  MessageOutline,
  PartKind,
  PartLink,
  PartOutline,
  PartSpan,
  RoleClass,
} from './outline/outline.js';
export type { LastNPolicy, ManualPolicy, SkipPartsPolicy, WindowPolicy } from './window/policy.js';
export { defaultPolicy, defaultSkipKinds } from './window/policy.js';
export type { LoadedWindow, LoadMore, WindowBudget, WindowItem } from './window/item.js';
export type { Pin, ReplacementState, SeqRange, SkipState, TurnState, WindowState } from './window/state.js';
export { emptyWindow, maximumOpenCalls, maximumPins, needsCompaction, usedTokens } from './window/state.js';
export type {
  AppendResult,
  CutResult,
  FitResult,
  FittedMessage,
  FittedWindow,
  ReplaceResult,
  Segment,
  UnsatisfiableWindow,
} from './window/results.js';
