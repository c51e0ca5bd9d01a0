/** A device and its member, as the node shows them. */
export interface Holder {
  device: string
  deviceName: string
  name?: string
}

/** Of the tickets sold, how many this gate could let in without the mesh. */
export interface Share {
  canAdmit: number
  sold: number
}

/** What the gate can promise now. */
export interface Guarantee {
  /** Gates of the event. */
  gates: number
  /** Of them connected, with this one. */
  reachable: number
  /** Unix ms; null while connected. */
  cutOffSinceMs: number | null
  /** Of the groups whose buckets this gate holds. */
  own: Share
  others: Share
  /** Sold tickets that any gate admits: of open classes, and of lost gates. */
  open: number
  /** Buckets of lost gates, and how many of those tickets are theirs. */
  lost: { buckets: number; sold: number }
}

/** A price in a window of time. */
export interface Price {
  currency: string
  /** By the currency's scale: `12.50`. */
  amount: string
  fromMs: number | null
  untilMs: number | null
}

/** A class of tickets. */
export interface TicketClass {
  /** Id of its seat unit. */
  class: string
  code: string
  name: string
  policy: 'exclusive' | 'open'
  prices: Price[]
  seats: { capacity: number; here: number; elsewhere: number }
}

/** A bucket of tickets: the device that holds it admits them. `nowhere`: nobody holds it. */
export interface Bucket {
  bucket: string
  holder: Holder | null
  state: 'here' | 'reachable' | 'elsewhere' | 'lost' | 'nowhere'
  /** Its gate is said to be lost: others let its tickets in openly, also while it is here. */
  isLost: boolean
}

/** A gate group with its buckets. */
export interface GateGroup {
  group: string
  buckets: Bucket[]
}

/** A zone; `here`: entries that this gate may still record by itself. */
export interface Zone {
  zone: string
  capacity: number
  inside: number
  here: number
}

/** What the pages use of an event. */
export interface EventView {
  event: string
  name: string
  place: string
  startsMs: number
  endsMs: number
  classes: TicketClass[]
  groups: GateGroup[]
  /** Gates in reach, to which buckets can be handed. */
  gatesInReach: Holder[]
  zones: Zone[]
  stats: {
    sold: number
    admitted: number
    inside: number
    doubles: number
    overrides: number
    open: number
    refused: number
  }
  guarantee: Guarantee
}
