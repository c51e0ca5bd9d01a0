/** The rules, each with a switch, so that a test can show what goes wrong without it. */
export interface Rules {
  /**
   * Whose seals decide what a commit may say: those of the epoch it cites, or of the line that wins today.
   */
  verdictsBy: 'cited-line' | 'winning-line'
  /** A late transfer does not count although its receiver accepted it. */
  lateBeatsAcceptance: boolean
  /** Facts of late and contested commits count. */
  factsAlwaysCount: boolean
  /** What a frontier settled is neither contested nor late. */
  frontiersAreFinal: boolean
  /** An allowance takes what it replaces from the silent device. */
  sealsTakeHoldings: boolean
  /** What is anywhere in the causal past is known, not only what the chain itself lists. */
  knowledgeIsInherited: boolean
  /** All branches of a fork are contested, not only those that came later to this replica. */
  branchesAreEqual: boolean
  /** What arrives twice counts once. */
  repeatsAreIgnored: boolean
  /** A chain takes each allowance once. */
  allowancesAreTakenOnce: boolean
  /** What a device moves out of one of its accounts comes to the other. */
  movesArrive: boolean
  /** Where definitions are demanded, nobody debits a unit that nothing in its past defines. */
  unitsAreDemanded: boolean
  /** A chain defines a unit once. */
  definesOnce: boolean
  /** Who defines a unit may issue its supply. */
  suppliesAreIssued: boolean
  /** Branches that define one unit have its supply once together. */
  suppliesCountOnce: boolean
  /** Amounts are from 1 to 2^63 - 1. */
  amountsAreBounded: boolean
  /** Acts of one commit stand or fall together. */
  commitsStandWhole: boolean
  /** What seals issue instead of a silent device's is on its loss account. */
  lossesAreBooked: boolean
  /** Of what came from others since the frontier, only so much is passed on. */
  relayIsLimited: boolean
}

/** As they are. */
export const RULES: Rules = {
  verdictsBy: 'cited-line',
  lateBeatsAcceptance: false,
  factsAlwaysCount: true,
  frontiersAreFinal: true,
  sealsTakeHoldings: false,
  knowledgeIsInherited: true,
  branchesAreEqual: true,
  repeatsAreIgnored: true,
  allowancesAreTakenOnce: true,
  movesArrive: true,
  unitsAreDemanded: true,
  definesOnce: true,
  suppliesAreIssued: true,
  suppliesCountOnce: true,
  amountsAreBounded: true,
  commitsStandWhole: true,
  lossesAreBooked: true,
  relayIsLimited: true,
}
