import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const sources = new URL('../../src/', import.meta.url).href;

/**
 * Loads the package straight from `src`, without a build. An import with `?defect=<name>` loads a
 * copy of the whole package in which the defect's text is replaced: nothing is written to disk, and
 * any number of copies live in one process.
 */
export function loadSources(defects = []) {
  const byName = new Map(defects.map((defect) => [defect.name, defect]));
  const applied = new Map();
  // A copy with a defect differs in one or two files.
  const stripped = new Map();
  const javaScript = (path) => {
    if (!stripped.has(path)) stripped.set(path, stripTypeScriptTypes(readFileSync(path, 'utf8')));
    return stripped.get(path);
  };
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const parent = context.parentURL ?? '';
      if (!specifier.startsWith('.') || !parent.startsWith(sources)) return nextResolve(specifier, context);
      const url = new URL(specifier, parent);
      url.pathname = url.pathname.replace(/\.js$/, '.ts');
      url.search = new URL(parent).search;
      return { url: url.href, format: 'module', shortCircuit: true };
    },
    load(url, context, nextLoad) {
      if (!url.startsWith(sources)) return nextLoad(url, context);
      const { searchParams, pathname } = new URL(url);
      const path = fileURLToPath(new URL(pathname, url));
      const name = searchParams.get('defect');
      const edited = byName
        .get(name)
        ?.edits.some(({ file }) => fileURLToPath(new URL(file, sources)) === path);
      const source = edited
        ? stripTypeScriptTypes(patch(byName.get(name), url, readFileSync(path, 'utf8'), applied))
        : javaScript(path);
      return { format: 'module', source, shortCircuit: true };
    },
  });
  return {
    async testing(name) {
      const search = name === undefined ? '' : `?defect=${name}`;
      const module = await import(`${sources}testing/index.ts${search}`);
      const expected = new Set((byName.get(name)?.edits ?? []).map((edit) => edit.file)).size;
      if ((applied.get(name)?.size ?? 0) !== expected) {
        throw new Error(`Defect ${name}: not every file it changes was loaded.`);
      }
      return module;
    },
  };
}

function patch(defect, url, source, applied) {
  if (defect === undefined) throw new Error(`No defect has the name that ${url} asks for.`);
  for (const edit of defect.edits) {
    const file = new URL(edit.file, sources).pathname;
    if (new URL(url).pathname !== file) continue;
    const parts = source.split(edit.find);
    if (parts.length !== 2) {
      throw new Error(
        `Defect ${defect.name}: "${edit.find}" is ${parts.length - 1} times in ${edit.file}, not once.`,
      );
    }
    source = parts.join(edit.replace);
    const files = applied.get(defect.name) ?? new Set();
    applied.set(defect.name, files.add(edit.file));
  }
  return source;
}
