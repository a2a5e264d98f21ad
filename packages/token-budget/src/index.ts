// Estimators
export { createEstimator, MESSAGE_OVERHEAD_TOKENS } from './estimator/estimator.js';
export type {
  CountableMessage,
  EstimatorOptions,
  MessageTokens,
  TokenEstimator,
} from './estimator/estimator.js';
export { EstimatorError } from './estimator/errors.js';
export type { EstimatorErrorCode } from './estimator/errors.js';
export { DEFAULT_IMAGE_TOKENS } from './estimator/media/image.js';
export { FILE_TOKENS } from './estimator/media/media.js';

// Outlines and windows
export type {
  MessageOutline,
  PartKind,
  PartLink,
  PartOutline,
  PartSpan,
  RoleClass,
} from './outline/outline.js';
export type { OutlineInput, TokenShares } from './outline/outline-message.js';
export { maximumMessageTokens, outlineMessage, shareTokens } from './outline/outline-message.js';
export { decodeOutline, encodeOutline } from './outline/outline-codec.js';
export type { LastNPolicy, ManualPolicy, SkipPartsPolicy, WindowPolicy } from './window/policy.js';
export { defaultPolicy, defaultSkipKinds } from './window/policy.js';
export type { LoadedWindow, LoadMore, WindowBudget, WindowItem } from './window/item.js';
export type {
  MessageGroup,
  Pin,
  ReplacementState,
  SeqRange,
  SkipState,
  Tally,
  TurnState,
  WindowState,
} from './window/state.js';
export { emptyWindow, maximumOpenCalls, maximumPins, needsCompaction, usedTokens } from './window/state.js';
export { decodeWindowState, encodeWindowState } from './window/state-codec.js';
export { isStorable, windowFault } from './window/state-fault.js';
export type {
  AppendResult,
  CutResult,
  ExplainedMessage,
  ExplainResult,
  FitResult,
  FittedMessage,
  FittedWindow,
  ReplaceResult,
  Segment,
  UnsatisfiableWindow,
  WindowReason,
} from './window/results.js';
export { appendToWindow } from './window/append.js';
export { cut } from './window/cut.js';
export type { ReplaceOptions } from './window/replace.js';
export { replaceWindow } from './window/replace.js';
export type { ReplacementFault } from './window/check-replacement.js';
export { checkReplacement } from './window/check-replacement.js';
export { fitWindow } from './window/fit.js';
export { explainWindow } from './window/explain.js';
export { pinsToLoad } from './window/pins.js';
export { suffixHint } from './window/view.js';
