import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'oxlint';

/** Who may import whom, by folder and name of package: the table of docs/architecture.md. Any other arrow fails lint. */
const allowed = {
  'packages/raft-core': [],
  'packages/log-storage': ['raft-core'],
  'packages/token-budget': [],
  'packages/protocol': [],
  'packages/archiver': [],
  'packages/context-store': ['raft-core', 'log-storage', 'token-budget', 'archiver', 'protocol'],
  'packages/nestjs': ['context-store', 'protocol'],
  'packages/client': ['protocol'],
  'packages/cli': ['fastpaca'],
  'apps/example-chat': ['fastpaca'],
  'apps/server': ['nestjs', 'context-store', 'protocol', 'token-budget', 'archiver'],
  'apps/example-embedded': ['nestjs', 'context-store', 'token-budget'],
  'tools/bench': ['raft-core', 'log-storage', 'token-budget', 'context-store', 'archiver', 'chaos'],
  'tools/chaos': ['raft-core', 'log-storage'],
  'tools/deploy': [],
  'tools/docs': [],
  'tools/packages': [],
};

/** The packages of the registry that a manifest declares. */
function declaredBy(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(path.join(import.meta.dirname, folder, 'package.json'), 'utf8'));
  const { dependencies, devDependencies, peerDependencies } = manifest;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  return names.filter((name) => !name.startsWith('@fastpaca/'));
}

const declaredByAll = declaredBy('.');

/** How deep a file can be in a package; one that is deeper would not be checked, and is refused. */
const depths = Array.from({ length: 6 }, (_, depth) => depth);

/**
 * What a file may import: modules of Node, what its package or the workspace declares, the packages that the table allows,
 * and what is in its own package, which a path leaves that goes up more often than the file is deep.
 */
function boundaries([folder, others]: [string, string[]]) {
  const names = [...declaredByAll, ...declaredBy(folder), ...others.map((name) => `@fastpaca/${name}`)];
  const known = ['node:*', 'node:*/**', './**', '../**', ...names.flatMap((name) => [name, `${name}/**`])];
  const unknown = {
    group: ['*', ...known.map((name) => `!${name}`)],
    message: 'Declare it in package.json. A package of ours must be in the table of oxlint.config.ts too.',
  };
  return depths.map((depth) => {
    const outside = {
      regex: `^(?:\\./)*(?:\\.\\./){${depth + 1}}|[^./]/(?:\\./)*\\.\\./`,
      message: 'Another package is imported by its name.',
    };
    return {
      files: [`${folder}/${'*/'.repeat(depth)}*.ts`],
      // The first that says anything of an import decides.
      rules: { 'no-restricted-imports': ['error', { patterns: [outside, unknown] }] },
    };
  });
}

/** Rules of the category that ask for types, and say more than what is wrong for certain. */
const typed = [
  'no-array-delete',
  'no-base-to-string',
  'no-duplicate-type-constituents',
  'no-for-in-array',
  'no-implied-eval',
  'no-meaningless-void-operator',
  'no-misused-spread',
  'no-redundant-type-constituents',
  'no-unsafe-unary-minus',
  'no-useless-default-assignment',
  'require-array-sort-compare',
  'restrict-template-expressions',
  'unbound-method',
];

export default defineConfig({
  plugins: ['eslint', 'typescript'],
  ignorePatterns: ['**/dist/**', '**/.jest/**'],
  options: { reportUnusedDisableDirectives: 'error' },
  env: { builtin: true },
  categories: { correctness: 'error' },
  rules: {
    ...Object.fromEntries(typed.map((rule) => [`typescript/${rule}`, 'off'] as const)),
    // JavaScript has no types to ask for.
    'typescript/await-thenable': 'off',
    'typescript/no-floating-promises': 'off',
    'no-array-constructor': 'error',
    'no-case-declarations': 'error',
    'no-empty': 'error',
    'no-fallthrough': 'error',
    'no-prototype-builtins': 'error',
    'no-regex-spaces': 'error',
    'no-unexpected-multiline': 'error',
    'no-useless-assignment': 'error',
    'no-useless-constructor': 'error',
    'preserve-caught-error': 'error',
    'typescript/ban-ts-comment': ['error', { minimumDescriptionLength: 10 }],
    'typescript/no-dynamic-delete': 'error',
    'typescript/no-empty-object-type': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-invalid-void-type': 'error',
    'typescript/no-namespace': 'error',
    'typescript/no-non-null-asserted-nullish-coalescing': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-require-imports': 'error',
    'typescript/no-unnecessary-type-constraint': 'error',
    'typescript/no-unsafe-function-type': 'error',
    'typescript/prefer-literal-enum-member': 'error',
    'typescript/unified-signatures': 'error',
  },
  overrides: [
    {
      files: ['**/*.ts'],
      rules: {
        'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
        'no-var': 'error',
        'prefer-const': 'error',
        'prefer-rest-params': 'error',
        'prefer-spread': 'error',
        'no-restricted-properties': [
          'error',
          { object: 'Math', property: 'random', message: 'Pass randomness in: a run must be repeatable.' },
        ],
        'typescript/await-thenable': 'error',
        'typescript/no-floating-promises': 'error',
        'typescript/no-misused-promises': 'error',
        'typescript/switch-exhaustiveness-check': [
          'error',
          { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
        ],
      },
    },
    {
      files: ['**/*.mjs'],
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', fetch: 'readonly' },
      rules: {
        'no-redeclare': 'error',
        'no-undef': 'error',
        'no-unused-vars': ['error', { ignoreRestSiblings: true }],
        'typescript/no-extraneous-class': 'error',
      },
    },
    ...Object.entries(allowed).flatMap(boundaries),
  ],
});
