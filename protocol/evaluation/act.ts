/** Hands an amount of a unit to another device. The receiver holds it once one of its commits accepts it. */
export interface Transfer {
  kind: 'transfer'
  /** Key of the receiving device; another one than the author's. */
  to: string
  /** The account that it leaves and comes to: the unit's own, that of what is held. */
  unit: string
  /** Minor units, 1 to `AMOUNT_MAX`. */
  amount: bigint
  /** Until then the receiver means to use it, by its own clock, Unix ms. No rule judges it. */
  expiresMs?: number
}

/** Something done for good with the author's own holding: issued, consumed, redeemed, handed back, closed. */
export interface Fact {
  kind: 'fact'
  /** The account that it takes from. */
  unit: string
  /** Minor units, 1 to `AMOUNT_MAX`. */
  amount: bigint
  /** Another account of the author, of the same unit, that it goes to. Without one the amount is gone. */
  into?: string
}

/**
 * Makes a unit known. The name must pin the author and all that is defined, so that one name has one definition: the host
 * passes no other on.
 */
export interface Define {
  kind: 'define'
  /** Name of the unit; not that of another of its accounts. */
  unit: string
  /** Goes to the author's right to issue. Minor units, 0 to `AMOUNT_MAX`. */
  supply: bigint
  /** Of what a chain accepted outside the frontier, this much may be passed on; 0 to `AMOUNT_MAX`, null for no limit. */
  relayMax: bigint | null
  /** The definition as written; opaque here. */
  definition: Uint8Array
}

/** What one commit does for the books. */
export type Act = Transfer | Fact | Define

/** An amount that a seal issues to a device. */
export interface Allowance {
  /** Key of the device that may take it. */
  device: string
  /** The account that it comes to. */
  unit: string
  /** Minor units, 1 to `AMOUNT_MAX`. */
  amount: bigint
  /** Key of the silent device against whose loss account it is issued, on the account of what is held; none for a plain one. */
  against?: string
}

/** Names one act: the commit by its order, and the place in the commit's list of acts. */
export interface ActName {
  order: number
  act: number
}

/** Most minor units that one act or allowance may move: what a signed number of 64 bits holds. */
export const AMOUNT_MAX: bigint = 2n ** 63n - 1n

/** True when an act or an allowance may move so much. */
export function isAmount(amount: bigint): boolean {
  return amount >= 1n && amount <= AMOUNT_MAX
}
