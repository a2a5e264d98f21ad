import { World } from './world.js';

/**
 * Runs the scenario in a Markdown file: in blocks marked `raft`, lines that begin with `> ` are
 * commands, the lines below them what they say. Returns the file as it would be with what the code
 * says now. All blocks of a file share one world.
 */
export function replay(markdown: string): string {
  const world = new World();
  const out: string[] = [];
  let inside = false;
  for (const line of markdown.split('\n')) {
    if (line === '```raft') inside = true;
    else if (line === '```') inside = false;
    if (!inside || line.startsWith('```')) out.push(line);
    else if (line === '' || line.startsWith('#')) out.push(line);
    else if (line.startsWith('> ')) out.push(line, ...run(world, line.slice(2)));
  }
  return out.join('\n');
}

function run(world: World, command: string): string[] {
  try {
    return world.run(command);
  } catch (error) {
    throw new Error(`"> ${command}" failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
