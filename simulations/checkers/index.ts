import { assetBytes } from './asset-bytes.ts'
import { acceptedCommits } from './accepted-commits.ts'
import { acknowledgedWrites } from './acknowledged-writes.ts'
import { buffers } from './buffers.ts'
import { chains } from './chains.ts'
import type { Checker } from './checker.ts'
import { citedEpochs } from './cited-epochs.ts'
import { closedDevices } from './closed-devices.ts'
import { convergence, doAgree } from './convergence.ts'
import { equalStates } from './equal-states.ts'
import { forkProofs, forksUntold } from './fork-proofs.ts'
import { handedIn, notHandedIn } from './handed-in.ts'
import { honestCommits } from './honest-commits.ts'
import { honestForks } from './honest-forks.ts'
import { lineInTime } from './line-in-time.ts'
import { oneLine } from './one-line.ts'
import { quietTraffic } from './quiet-traffic.ts'
import { quorums } from './quorums.ts'
import { settledCommits } from './settled-commits.ts'

export { VIOLATIONS_MAX, violation } from './checker.ts'
export type { CheckedWorld, Checker, Violation } from './checker.ts'

export { doAgree, forksUntold, notHandedIn }

/** Every checker by its name. */
export const CHECKERS: Readonly<Record<string, Checker>> = {
  'accepted-commits': acceptedCommits,
  'acknowledged-writes': acknowledgedWrites,
  'asset-bytes': assetBytes,
  buffers,
  chains,
  'cited-epochs': citedEpochs,
  'closed-devices': closedDevices,
  convergence,
  'equal-states': equalStates,
  'fork-proofs': forkProofs,
  'handed-in': handedIn,
  'honest-commits': honestCommits,
  'honest-forks': honestForks,
  'line-in-time': lineInTime,
  'one-line': oneLine,
  'quiet-traffic': quietTraffic,
  quorums,
  'settled-commits': settledCommits,
}
