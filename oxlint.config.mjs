// The linter's rules, and the floors of the program: docs/architecture.md.

/**
 * The folders of src, from the ground up. A folder imports only from those before it. Those in one
 * line stand side by side, and do not know each other.
 */
export const FLOORS = [
  ['text'],
  ['host'],
  ['config', 'kubernetes', 'proc', 'state', 'systemd', 'terminal'],
  ['cluster', 'envelope', 'history', 'pacman'],
  ['boot', 'demo', 'fleet', 'health', 'notify'],
  ['ignored', 'record', 'sentinel', 'skew'],
  ['publish', 'reboot', 'repair', 'restart', 'units'],
  ['metrics', 'preflight', 'report'],
  ['doctor', 'status'],
  ['commands'],
  ['cli'],
  ['entry'],
]

/** Only host/ is the door to the machine; entry/ is what it starts. */
const MACHINE = ['node:fs', 'node:fs/promises', 'node:child_process', 'node:os']

const machine = MACHINE.map((name) => ({ name, message: 'Only src/host touches the machine.' }))

/** What --json prints goes through the envelope. */
const jsonToStdout = {
  group: ['**/text/printable.ts'],
  importNames: ['printableJson'],
  message: 'Only src/envelope prints JSON.',
}

const overrides = FLOORS.flatMap((floor, index) =>
  floor.map((folder) => {
    const above = FLOORS.slice(index)
      .flat()
      .filter((other) => other !== folder)
    const isDoor = folder === 'host' || folder === 'entry'
    return {
      files: [`src/${folder}/**/*.ts`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            paths: isDoor ? [] : machine,
            patterns: [
              ...above.map((other) => ({
                group: [`**/${other}/**`],
                message: `${folder} stands below ${other}, or beside it.`,
              })),
              ...(folder === 'envelope' ? [] : [jsonToStdout]),
            ],
          },
        ],
      },
    }
  }),
)

export default {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'typescript/no-floating-promises': [
      'error',
      {
        allowForKnownSafeCalls: [
          {
            from: 'package',
            name: ['test', 'it', 'describe', 'after', 'before'],
            package: 'node:test',
          },
        ],
      },
    ],
    'no-control-regex': 'off',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-named-as-default-member': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  },
  overrides,
  ignorePatterns: ['dist'],
}
