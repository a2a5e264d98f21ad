import { readFileSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

/** A plugin of TypeDoc: what an entry point exports has the name of its package, not of its folder. */
export function load({ converter }) {
  converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const [folder] = reflection.name.split('/');
    const manifest = new URL(`../../../packages/${folder}/package.json`, import.meta.url);
    reflection.name = JSON.parse(readFileSync(manifest, 'utf8')).name;
  });
}
