import { fileURLToPath } from 'node:url'
import { CoopError, EXIT_CODES } from '#node/errors'
import { SimError, processTerminal, simCommand } from '#simulations/cli'

/** Exit codes of runs that failed; docs/cli.md. */
const OUTCOME_ERRORS = {
  crash: 'sim-crash',
  liveness: 'sim-liveness',
  correctness: 'sim-correctness',
} as const

/** `coop sim …`: loads the simulator, which needs neither a node nor a data folder. */
export async function coopSim(args: readonly string[]): Promise<void> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  try {
    const outcome = await simCommand(args, {
      root: fileURLToPath(new URL('../..', import.meta.url)),
      workerFile: fileURLToPath(new URL('sim-worker.ts', import.meta.url)),
      terminal: processTerminal(args.includes('--json')),
      signal: ending.signal,
    })
    if (outcome !== 'ok') process.exitCode = EXIT_CODES[OUTCOME_ERRORS[outcome]]
  } catch (error) {
    if (error instanceof SimError) throw new CoopError(error.code, error.message, error.next, error)
    throw error
  }
}
