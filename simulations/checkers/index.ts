import { assetBytes } from './asset-bytes.ts'
import { acknowledgedWrites } from './acknowledged-writes.ts'
import { buffers } from './buffers.ts'
import { chains } from './chains.ts'
import type { Checker } from './checker.ts'
import { convergence, doAgree } from './convergence.ts'
import { equalStates } from './equal-states.ts'
import { forkProofs, forksUntold } from './fork-proofs.ts'
import { honestCommits } from './honest-commits.ts'
import { honestForks } from './honest-forks.ts'
import { quietTraffic } from './quiet-traffic.ts'

export { VIOLATIONS_MAX, violation } from './checker.ts'
export type { CheckedWorld, Checker, Violation } from './checker.ts'

export { doAgree, forksUntold }

/** Every checker by its name. */
export const CHECKERS: Readonly<Record<string, Checker>> = {
  'acknowledged-writes': acknowledgedWrites,
  'asset-bytes': assetBytes,
  buffers,
  chains,
  convergence,
  'equal-states': equalStates,
  'fork-proofs': forkProofs,
  'honest-commits': honestCommits,
  'honest-forks': honestForks,
  'quiet-traffic': quietTraffic,
}
