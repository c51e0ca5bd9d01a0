import { defineConfig } from 'vitest/config'

/** Two projects: in-process tests, and end-to-end ones, which spend most of their time waiting for processes. */
export default defineConfig({
  test: {
    reporters: ['default', './test/count-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'protocol/**/*.test.ts',
            'node/**/*.test.ts',
            'simulations/**/*.test.ts',
            'test/*.test.ts',
          ],
          testTimeout: 60_000,
          // Not one less than there are cores, which on two is one.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'apps/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // They wait for processes more than they work.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
