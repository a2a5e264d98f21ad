import { NodeFile, type NodeRef, OpenError } from '@fastpaca/context-store';
import { ConfigurationError } from '../config/configuration.js';
import { variables } from '../config/variables.js';

/**
 * Who the node is whose data lies in `directory`; known before the store is open, so that every line of
 * the log can say it.
 *
 * @param wanted the name to begin with; default a random UUID
 * @throws ConfigurationError where the directory belongs to a node of another name; OpenError where it
 *   does not say whose it is
 */
export function nodeIdentity(directory: string, wanted?: string): NodeRef {
  try {
    return NodeFile.open(directory, { name: wanted }).self;
  } catch (error) {
    if (!(error instanceof OpenError) || error.code !== 'wrong_node') throw error;
    throw new ConfigurationError(variables.nodeName.name, `does not fit: ${error.message}`);
  }
}
