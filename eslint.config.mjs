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

// The rules that need types are in .oxlintrc.json: TypeScript written in Go reads them in a fifth of the time.
export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.jest/**', '**/jest.config.mjs'] },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    rules: {
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
