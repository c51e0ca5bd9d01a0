/** Rules of design section 9 as honest devices follow them; each can be switched off alone. */
export interface Rules {
  /** Who admits from a bucket: who holds it, or any gate. */
  admit: 'holder' | 'any'
  /** Who issues from a bucket: who holds it, or any till. */
  issue: 'holder' | 'any'
  /** A bucket is used once all admissions from it are known, or at once. */
  handOver: 'known' | 'at-once'
  /** A seat is admitted once, or each ticket of it. */
  unique: 'seat' | 'ticket'
  /** Who swaps a ticket. */
  swap: 'holder' | 'any'
  /** Who gives the money back, and lets the seat be sold again. */
  refund: 'holder' | 'any'
  /** A bucket of a gate that is silent: openly admitted once it is said to be lost, or taken over as if it were held. */
  silent: 'open' | 'taken'
  /** A gate whose disk was put back: a device of its own, or the same again. */
  restored: 'new-device' | 'same-device'
  /** Room that an exit elsewhere leaves: given back once by the device that took it, or once more. */
  room: 'once' | 'twice'
  /** Nobody is let into a full zone. */
  full: 'refused' | 'admitted'
  /** Tickets are sold from seats that a device holds, or regardless. */
  seats: 'held' | 'any'
  /** A gate that is not heard admits openly only so many. */
  exposure: 'limited' | 'unlimited'
}

/** All of them. */
export const RULES: Rules = {
  ...{
    admit: 'holder',
    issue: 'holder',
    handOver: 'known',
    unique: 'seat',
    swap: 'holder',
    refund: 'holder',
  },
  ...{ silent: 'open', restored: 'new-device', room: 'once', full: 'refused', seats: 'held' },
  exposure: 'limited',
}
