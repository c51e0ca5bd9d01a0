import { distributionProblem, sampleWhole } from '../kernel/index.ts'
import type { Distribution, Simulator } from '../kernel/index.ts'

/** Longest session or absence that is drawn: a year. Heavy tails would otherwise leave the range of exact times. */
const STRETCH_US_MAX = 31_536_000_000_000

/**
 * Nodes that come and go: sessions and absences are drawn anew each time, from any distribution.
 *
 * - Exponential: the memoryless case of most analyses (D. Liben-Nowell, H. Balakrishnan and D. Karger, *Analysis of the
 *   evolution of peer-to-peer systems*, 2002).
 * - Weibull with shapes of 0.34 to 0.59: measured session lengths (D. Stutzbach and R. Rejaie, *Understanding churn in
 *   peer-to-peer networks*, 2006).
 * - Pareto: heavy-tailed lifetimes (Z. Yao, D. Leonard, X. Wang and D. Loguinov, *Modeling heterogeneous user churn*, 2006).
 */
export interface ChurnModel {
  /** Names its events and random streams; default `churn`. Two models in one run need two names. */
  readonly name?: string
  /** How long a node stays, in microseconds. */
  readonly onlineUs: Distribution
  /** How long it is away, in microseconds. */
  readonly offlineUs: Distribution
  /** Nodes that come and go; the others stay. */
  readonly nodes: readonly number[]
  /** Peers hear this long after it went; default at once. */
  readonly noticeAfterUs?: number
}

/** What churn needs of a network. */
export interface Switchboard {
  isOnline(node: number): boolean
  setOnline(node: number, isOnline: boolean, noticeAfterUs?: number): void
}

/** Starts churn: each node ends its first session after a draw from `onlineUs`. Returns the way to stop it. */
export function startChurn(sim: Simulator, network: Switchboard, model: ChurnModel): { stop(): void } {
  for (const distribution of [model.onlineUs, model.offlineUs]) {
    const problem = distributionProblem(distribution)
    if (problem !== null) throw new RangeError(`churn: ${problem}`)
  }
  const name = model.name ?? 'churn'
  let isRunning = true
  const stretchUs = (node: number, isOnline: boolean): number => {
    const drawn = isOnline ? model.onlineUs : model.offlineUs
    // At least a microsecond: two zeros in a row would never end.
    return Math.max(1, sampleWhole(drawn, sim.random.stream(name, node), STRETCH_US_MAX))
  }
  const change = sim.register(name, (node, isOnline) => {
    if (!isRunning) return
    network.setOnline(node, isOnline === 1, model.noticeAfterUs)
    sim.after(stretchUs(node, isOnline === 1), change, node, isOnline === 1 ? 0 : 1)
  })
  for (const node of model.nodes) {
    const isOnline = network.isOnline(node)
    sim.after(stretchUs(node, isOnline), change, node, isOnline ? 0 : 1)
  }
  return {
    stop: () => {
      isRunning = false
    },
  }
}
