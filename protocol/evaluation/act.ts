/** Hands an amount of a unit to another device. The receiver holds it once one of its commits accepts it. */
export interface Transfer {
  kind: 'transfer'
  /** Key of the receiving device; another one than the author's. */
  to: string
  unit: string
  /** Minor units, at least 1. */
  amount: bigint
}

/** Something done for good with the author's own holding: consumed, redeemed, handed back, closed. */
export interface Fact {
  kind: 'fact'
  unit: string
  /** Minor units, at least 1. */
  amount: bigint
}

/** What one commit does for the books. */
export type Act = Transfer | Fact

/** An amount that a seal issues to a device. */
export interface Allowance {
  /** Key of the device that may take it. */
  device: string
  unit: string
  /** Minor units, at least 1. */
  amount: bigint
}

/** Names one act: the commit by its order, and the place in the commit's list of acts. */
export interface ActName {
  order: number
  act: number
}
