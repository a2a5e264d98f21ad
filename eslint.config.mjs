import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** Who may import whom: the table of docs/architecture.md. An arrow it does not allow fails lint. */
const allowed = {
  'raft-core': [],
  'log-storage': ['raft-core'],
  'token-budget': [],
  protocol: [],
  archiver: [],
  'context-store': ['raft-core', 'log-storage', 'token-budget', 'archiver', 'protocol'],
  nestjs: ['context-store', 'protocol'],
  client: ['protocol'],
  cli: ['client'],
  'example-chat': ['client'],
  server: ['nestjs', 'context-store', 'protocol', 'token-budget', 'archiver'],
  'example-embedded': ['nestjs', 'context-store', 'token-budget'],
  bench: ['raft-core', 'log-storage', 'token-budget', 'context-store', 'archiver', 'chaos'],
  chaos: ['raft-core', 'log-storage'],
  deploy: [],
  docs: [],
};

/**
 * From the root all files are linted in one program, which loads every type once; a package alone loads only its own.
 */
const program =
  process.cwd() === import.meta.dirname
    ? { project: ['tsconfig.check.json', 'tools/tsconfig.json'], tsconfigRootDir: import.meta.dirname }
    : { projectService: true };

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.jest/**', '**/jest.config.mjs'] },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: program },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Pass randomness in: a run must be repeatable.' },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          banTransitiveDependencies: true,
          allow: [],
          depConstraints: Object.entries(allowed).map(([name, others]) => ({
            sourceTag: `package:${name}`,
            onlyDependOnLibsWithTags: others.map((other) => `package:${other}`),
          })),
        },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
    rules: { '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }] },
  },
);
