import { emptyWindow } from '@fastpaca/token-budget';

import { newProgress } from '../archive/archive-progress.js';
import type { Command } from '../command/command.js';
import { createProfile } from '../context/context-codec.js';
import {
  maximumMetadataBytes,
  type ContextProfile,
  type ContextRecord,
  type StoredContext,
} from '../context/context-record.js';
import { parseJsonObject } from '../context/json.js';
import { mergePatch } from '../context/merge-patch.js';
import { refuse, type StateReader, type Transition } from './change.js';
import { InvalidCommand } from './invalid-command.js';
import { removeContext } from './remove-context.js';
import { removeStage } from './import-stage.js';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

/** Creates a context, or changes the settings that were given. Does not move the version. */
export function put(reader: StateReader, command: CommandOf<'put'>): Transition {
  const old = reader.context(command.id);
  const profile = profileAfter(old?.profile, command);
  if (Buffer.byteLength(profile.metadataText) > maximumMetadataBytes) {
    return refuse({ reason: 'metadata_too_large' });
  }
  if (old === undefined) {
    const record = newRecord(reader.nextOrdinal(), command.at);
    return store(command, { record, profile }, true);
  }
  if (old.record.status === 'tombstoned' && !command.activate) return refuse({ reason: 'is_tombstoned' });
  const record: ContextRecord = { ...old.record, status: 'active', updatedAt: command.at };
  return store(command, { record, profile }, false);
}

export function patchMetadata(reader: StateReader, command: CommandOf<'patch_metadata'>): Transition {
  const context = reader.context(command.id);
  if (context === undefined) return refuse({ reason: 'not_found' });
  if (context.record.status === 'tombstoned') return refuse({ reason: 'is_tombstoned' });
  const patch = parseJsonObject(command.patch);
  if (patch === null) throw new InvalidCommand('The metadata patch is not a JSON object.');
  const metadata = mergePatch(context.profile.metadata, patch);
  const metadataText = JSON.stringify(metadata);
  if (Buffer.byteLength(metadataText) > maximumMetadataBytes) return refuse({ reason: 'metadata_too_large' });
  const record = { ...context.record, updatedAt: command.at };
  const profile = { ...context.profile, metadata, metadataText };
  return store(command, { record, profile }, false);
}

/** Ends a context: it can be read, not written. Again: nothing changes. */
export function tombstone(reader: StateReader, command: CommandOf<'tombstone'>): Transition {
  const context = reader.context(command.id);
  if (context === undefined) return refuse({ reason: 'not_found' });
  const result = { kind: 'tombstoned' } as const;
  if (context.record.status === 'tombstoned') return { result };
  const record: ContextRecord = { ...context.record, status: 'tombstoned', updatedAt: command.at };
  const { id } = command;
  return {
    result,
    writes: [
      {
        id,
        context: { ...context, record },
        profileChanged: false,
        ops: [],
        changes: [{ type: 'tombstoned' }],
      },
    ],
  };
}

/**
 * Removes a context and all that it holds, and what an import of it has brought so far. What the archive
 * may have of it is left to the archiver.
 */
export function erase(reader: StateReader, command: CommandOf<'erase'>): Transition {
  const { id } = command;
  const result = { kind: 'erased' } as const;
  const context = reader.context(id);
  const unfinished = removeStage(reader, id);
  if (context === undefined) {
    return unfinished === null ? refuse({ reason: 'not_found' }) : { result, ops: unfinished };
  }
  const { ops, ...archive } = removeContext(reader, id, context.record);
  return {
    result,
    writes: [{ id, context: null, profileChanged: true, ops, changes: [{ type: 'erased' }] }],
    ...(unfinished !== null && { ops: unfinished }),
    ...archive,
  };
}

function profileAfter(old: ContextProfile | undefined, command: CommandOf<'put'>): ContextProfile {
  const { tokenBudget, triggerRatio, policy, metadata } = command;
  const profile = createProfile(
    old === undefined || tokenBudget.given ? tokenBudget.value : old.tokenBudget,
    old === undefined || triggerRatio.given ? triggerRatio.value : old.triggerRatio,
    old === undefined || policy.given ? policy.value : old.policyText,
    old === undefined || metadata.given ? metadata.value : old.metadataText,
  );
  if (profile === null) throw new InvalidCommand('The settings are not usable.');
  return profile;
}

const newRecord = (ordinal: number, at: number): ContextRecord => ({
  ordinal,
  status: 'active',
  version: 0,
  lastSeq: 0,
  archivedSeq: 0,
  createdAt: at,
  updatedAt: at,
  appends: 0,
  queue: { head: 0, tail: 0, headAppend: 0, headAt: 0 },
  window: emptyWindow(),
  archive: newProgress,
});

const store = (command: Command, context: StoredContext, created: boolean): Transition => ({
  result: { kind: 'stored', created, context },
  writes: [{ id: command.id, context, profileChanged: true, ops: [], changes: [{ type: 'settings' }] }],
});
