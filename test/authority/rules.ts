/** Rules of the oracle that can be switched. */
export interface Rules {
  /** A seal that is prepared in a commit's past need not hold for that commit again. */
  readonly preparedHolds: boolean
  /** Who left still takes part in the ballots of the epoch that it cites. */
  readonly leaverBallots: boolean
  /** A steward whose signing device is closed, or left, is a steward no longer. */
  readonly deviceTakesSteward: boolean
  /** A chain advances only from a round that a quorum has advanced to; else one by one, or to one above more than n − q. */
  readonly openBeforeAdvance: boolean
  /**
   * Of committed children one with a committed child comes first, then an ordinary seal, then the later attempt; else
   * an ordinary seal before a recovery without a child.
   */
  readonly childFirst: boolean
  readonly quorum: 'as-ruled' | 'half'
  readonly signs: 'prepared' | 'at-once'
  readonly laterRounds: 'prepared-only' | 'free'
  readonly supports: 'one' | 'many'
  readonly closedKeys: 'refused' | 'admitted'
  readonly outdated: 'refused' | 'taken'
  readonly recoveries: 'last' | 'first'
  /** Knowledge that verdicts use: that of the causal past, or whatever is stored. */
  readonly judgedBy: 'past' | 'store'
}

/** What docs/protocol/authority.md says, word for word. */
export const AS_WRITTEN: Rules = {
  preparedHolds: true,
  leaverBallots: true,
  deviceTakesSteward: true,
  openBeforeAdvance: true,
  childFirst: true,
  quorum: 'as-ruled',
  signs: 'prepared',
  laterRounds: 'prepared-only',
  supports: 'one',
  closedKeys: 'refused',
  outdated: 'refused',
  recoveries: 'last',
  judgedBy: 'past',
}

/** The same without two rules that keep the line going. */
export const NAIVE: Rules = { ...AS_WRITTEN, preparedHolds: false, deviceTakesSteward: false }
