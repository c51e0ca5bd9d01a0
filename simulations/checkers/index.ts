import { assetBytes } from './asset-bytes.ts'
import { acceptedCommits } from './accepted-commits.ts'
import { acceptedRights } from './accepted-rights.ts'
import { acknowledgedWrites } from './acknowledged-writes.ts'
import { bookedSales } from './booked-sales.ts'
import { buffers } from './buffers.ts'
import { chains } from './chains.ts'
import { cheatGain } from './cheat-gain.ts'
import type { Checker } from './checker.ts'
import { citedEpochs } from './cited-epochs.ts'
import { closedDevices } from './closed-devices.ts'
import { convergence, doAgree } from './convergence.ts'
import { doublesFound } from './doubles-found.ts'
import { equalBooks } from './equal-books.ts'
import { equalStates } from './equal-states.ts'
import { equalStatistics } from './equal-statistics.ts'
import { forkProofs, forksUntold } from './fork-proofs.ts'
import { handedIn, notHandedIn } from './handed-in.ts'
import { honestAccounts } from './honest-accounts.ts'
import { honestCommits } from './honest-commits.ts'
import { honestForks } from './honest-forks.ts'
import { idleSeals } from './idle-seals.ts'
import { lineInTime } from './line-in-time.ts'
import { noDoubleAdmission } from './no-double-admission.ts'
import { noOversell, soldIn } from './no-oversell.ts'
import { oneLine } from './one-line.ts'
import { quietTraffic } from './quiet-traffic.ts'
import { quorums } from './quorums.ts'
import { recount } from './recount.ts'
import { roomCapacity } from './room-capacity.ts'
import { settledCommits } from './settled-commits.ts'
import { unitLaw } from './unit-law.ts'

export { VIOLATIONS_MAX, violation } from './checker.ts'
export type { CheckedWorld, Checker, Violation } from './checker.ts'

export { TRADE_STATES, bookedCommits } from './trade-view.ts'
export type { BookedCommit, DoorView, TradeState, TradeView, TradedUnit } from './trade-view.ts'
export { doAgree, forksUntold, notHandedIn, soldIn }

/** Every checker by its name. */
export const CHECKERS: Readonly<Record<string, Checker>> = {
  'accepted-commits': acceptedCommits,
  'accepted-rights': acceptedRights,
  'acknowledged-writes': acknowledgedWrites,
  'asset-bytes': assetBytes,
  'booked-sales': bookedSales,
  buffers,
  chains,
  'cheat-gain': cheatGain,
  'cited-epochs': citedEpochs,
  'closed-devices': closedDevices,
  convergence,
  'doubles-found': doublesFound,
  'equal-books': equalBooks,
  'equal-states': equalStates,
  'equal-statistics': equalStatistics,
  'fork-proofs': forkProofs,
  'handed-in': handedIn,
  'honest-accounts': honestAccounts,
  'honest-commits': honestCommits,
  'honest-forks': honestForks,
  'idle-seals': idleSeals,
  'line-in-time': lineInTime,
  'no-double-admission': noDoubleAdmission,
  'no-oversell': noOversell,
  'one-line': oneLine,
  'quiet-traffic': quietTraffic,
  quorums,
  recount,
  'room-capacity': roomCapacity,
  'settled-commits': settledCommits,
  'unit-law': unitLaw,
}
